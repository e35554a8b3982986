"""Sites on which the add-on is installed."""

from sqlalchemy import Column, Float, Index, LargeBinary, String, Table

from addon.store.tables.base import Document, Id, metadata, tenant_id

tenants = Table(
    "tenants",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_key", String(255), nullable=False, unique=True),
    Column("state", String(16), nullable=False),  # installed | disabled | uninstalled | superseded
    Column("base_url", String(255), nullable=False),
    Column("display_url", String(255), nullable=False),
    Column("oauth_client_id", String(255)),
    Column("shared_secret", LargeBinary),  # sealed; null once uninstalled
    Column("previous_secret", LargeBinary),  # sealed; honoured until previous_secret_until
    Column("previous_secret_until", Float),
    Column("app_account_id", String(128)),
    Column("language", String(16)),
    Column("installed_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("uninstalled_at", Float),
    Column("purge_after", Float),
    Column("paused_until", Float),  # the site's own trouble: nothing of it is claimed until a probe went well
    Column("trouble", Document),  # {"code": error code, "since": UTC seconds}
    Index("ix_tenants_base_url", "base_url"),
)

tenant_models = Table(
    "tenant_models",
    metadata,
    tenant_id(primary_key=True),
    Column("provider", String(16)),  # null: the deployment's own
    Column("model", String(128)),
    Column("api_key", LargeBinary),  # sealed; for this provider at this address alone
    Column("base_url", String(500)),  # null: where the provider lives, or where the operator says
    Column("fallbacks", Document),  # [{"provider", "model"}], asked in this order; null: as the operator has them
    Column("updated_by", String(128)),
    Column("updated_at", Float, nullable=False),
)
