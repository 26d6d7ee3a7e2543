"""`./pants proof ...`: commands that prove that nothing was lost and nothing doubled."""

import os

import click


def commands() -> click.Group:
    from store.bench.command import cost
    from store.chaos.alarms.command import alarms
    from store.chaos.command import faults
    from store.chaos.containers.command import containers
    from store.chaos.containers.upgrade_command import upgrade
    from store.loadtest.replay.command import replay
    from store.proof.shipped import shipped

    about = "Prove that the store loses nothing and doubles nothing."
    return click.Group(
        "proof",
        commands=[*shipped(), faults, containers, upgrade, alarms, replay, cost],
        help=about,
    )


def main() -> None:
    # gRPC reads this when it is imported. Between fork and exec of a process that we start it would
    # come to life in there, and may end it before it begins.
    os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"
    commands()(prog_name="./pants proof")


if __name__ == "__main__":
    main()
