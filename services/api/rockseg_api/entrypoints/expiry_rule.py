"""What `rockseg-api store ensure` does and says."""

import asyncio
import os
import sys
from typing import Final, NoReturn

import rich_click as click

from rockseg_api.settings import ApiSettings, from_environment
from rockseg_core.adapters.s3 import API_PROFILE, RuleAction, RuleOutcome, S3Settings, S3Store, s3_settings
from rockseg_core.domain.errors import SettingsError, StoreUnavailableError

EXIT_SETTINGS: Final = 2
EXIT_PROBLEM: Final = 1


def ensure_expiry_rule(*, dry_run: bool) -> None:
    """One sentence, or an end with one. Exit code 1 also where a rule of others is in the way."""
    try:
        settings = from_environment(os.environ)
        outcome = asyncio.run(_ensure(s3_settings(os.environ), settings, dry_run=dry_run))
    except SettingsError as error:
        _end(error.sentence, EXIT_SETTINGS)
    except StoreUnavailableError as error:
        _end(error.sentence, EXIT_PROBLEM)
    click.echo(_told(outcome, dry_run=dry_run))
    if outcome.shorter_days is not None:
        click.echo(
            f"Another rule takes what lies below {outcome.prefix} after {_days(outcome.shorter_days)}, within the "
            "lifetime of a job: jobs will lose their photos.",
            err=True,
        )
        sys.exit(EXIT_PROBLEM)


async def _ensure(bucket: S3Settings, settings: ApiSettings, *, dry_run: bool) -> RuleOutcome:
    faults: list[str] = []
    store = S3Store(bucket, API_PROFILE, on_fault=faults.append)
    try:
        await store.check(settings.object_prefix)
        return await store.ensure_expiry(settings.object_prefix, settings.lifetime_seconds, dry_run=dry_run)
    except StoreUnavailableError as error:
        if faults[-1:] != ["AccessDenied"]:
            raise
        raise SettingsError(
            "the access key may not read and write the lifecycle rules of the bucket that ROCKSEG_S3_BUCKET names: "
            "docs/s3-policy.md says what `store ensure` must be allowed"
        ) from error
    finally:
        await store.close()


def _told(outcome: RuleOutcome, *, dry_run: bool) -> str:
    rule = f"the lifecycle rule {outcome.rule_id}, which takes what lies below {outcome.prefix} after"
    done = {
        RuleAction.ADDED: "Would add" if dry_run else "Added",
        RuleAction.CHANGED: "Would correct" if dry_run else "Corrected",
        RuleAction.KEPT: "Nothing to do: the bucket has",
    }[outcome.action]
    others = "" if not outcome.others else f"; {outcome.others} of others stay{'s' * (outcome.others == 1)} as is"
    return f"{done} {rule} {_days(outcome.days)}{others}."


def _days(count: int) -> str:
    return f"{count} day{'s' * (count != 1)}"


def _end(sentence: str, code: int) -> NoReturn:
    click.echo(f"rockseg: {sentence}", err=True)
    sys.exit(code)
