"""The only door to docker: compose commands for what changes, one Engine API for the rest.

`engine.Engine` is what other rooms hold. Behind it:

    api/                                    where the engine is, and requests to it
    compose/                                docker compose: asked, told, fetching, and its words
    registry/                               references, logins, and what a failure means
    containers, inspection, side_by_side    list, start, stop, remove; JSON → Replica
    attached, processes, files, logs        commands, processes and files in containers
    ledger, locks, empty                    what is kept on the engine itself
    images, events, memory, stand_in        tags and digests; what happens; what it costs
    child, versions                         docker as a process, and what it says of itself

Over a socket on this machine the Engine API costs no process; to any other engine it takes at most
four kept `docker system dial-stdio`, plus one for each command or event stream that is open.
"""
