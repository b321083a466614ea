"""The warehouse that the settings name."""

from __future__ import annotations

from flows.settings import Settings
from storage.targets.naming import S3Access, target_of
from storage.warehouse import Warehouse


def warehouse_of(settings: Settings) -> Warehouse:
    """The file in the data directory, or the shared warehouse of DUCKWIRE_WAREHOUSE.

    Opens nothing. Raises TargetError when the setting, or a token it needs, is wrong.
    """
    s3 = S3Access(
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        key=settings.s3_key,
        secret=settings.s3_secret.get_secret_value() if settings.s3_secret else None,
        use_ssl=settings.s3_ssl,
    )
    target = target_of(
        settings.warehouse.get_secret_value() if settings.warehouse else None,
        token=settings.quack_token.get_secret_value() if settings.quack_token else None,
        plain=settings.quack_plain,
        data_path=settings.lake_data,
        s3=s3,
    )
    return Warehouse(settings.data, lock_wait_s=settings.lock_wait_s, target=target)
