"""The only door to docker: compose commands for what changes, one Engine API for the rest.

Other rooms use `engine.Engine`. Behind it:

    api/                                    where the engine is, and requests to it
    compose/                                docker compose: reads, changes, pulls, and its output
    registry/                               references, logins, and what an error means
    containers, inspection, side_by_side    list, start, stop, remove; JSON → Replica
    attached, processes, files, logs        commands, processes and files in containers
    ledger, locks, empty                    what is stored on the engine
    images, events, memory, stand_in        tags and digests; container events; memory
    child, versions                         docker as a process, and its versions

Over a socket on this machine the Engine API costs no process; to any other engine it takes at most
four kept `docker system dial-stdio`, plus one for each command or event stream that is open.
"""
