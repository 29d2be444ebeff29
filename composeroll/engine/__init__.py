"""The only door to docker: compose commands for what changes, one Engine API for the rest.

`engine.Engine` is what other rooms hold. Behind it, each in its own module:

    endpoint, transport, connection, answer   where the engine is, and requests to it
    containers, inspection, side_by_side      list, start, stop, remove; JSON → Replica
    attached, frames, processes, files        commands, processes and files in containers
    events, host                              what happens, and where
    images, reference, registry_*             tags, digests, logins
    compose_reads, compose_changes, pull      docker compose: asked, told, fetching
    compose_up, compose_words                 what it is told by both, and what it prints
    compose_program, child                    what runs it, and the process
    versions                                  what docker says of itself

Over a socket on this machine the Engine API costs no process; to any other engine it takes at most
four kept `docker system dial-stdio`, plus one for each command or event stream that is open.
"""
