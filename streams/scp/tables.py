"""What the database holds. Times are ms since 1970 UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_Key = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up INTEGER keys only


class Base(DeclarativeBase):
    """Every table; migrations/ makes them."""


class Account(Base):
    """Somebody who can log in.

    Attributes:
        name: In lower case, unique.
        source: ``local``, ``oidc``, or ``anonymous`` for those who need not log in.
        issuer, subject: Whom an OIDC provider says it is.
        password_hash: Of local accounts.
        role: A role's name.
        is_active: Whether it may log in.
    """

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("issuer", "subject", name="accounts_subject"),)

    id: Mapped[int] = mapped_column(_Key, primary_key=True)
    name: Mapped[str] = mapped_column(String(128), unique=True)
    source: Mapped[str] = mapped_column(String(16))
    issuer: Mapped[str | None] = mapped_column(String(512))
    subject: Mapped[str | None] = mapped_column(String(255))
    password_hash: Mapped[str | None] = mapped_column(String(512))
    role: Mapped[str] = mapped_column(String(16))
    is_active: Mapped[bool] = mapped_column(default=True)
    created_ms: Mapped[int] = mapped_column(BigInteger)
    last_login_ms: Mapped[int | None] = mapped_column(BigInteger)


class LoginRecord(Base):
    """A session of a browser. Its token is kept as a hash: who reads the database cannot use it.

    Attributes:
        id: By which its owner names it.
        seen_ms: When it was last used, to the minute.
    """

    __tablename__ = "logins"
    __table_args__ = (Index("logins_account", "account_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    csrf: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    created_ms: Mapped[int] = mapped_column(BigInteger)
    seen_ms: Mapped[int] = mapped_column(BigInteger)
    address: Mapped[str] = mapped_column(String(64))
    agent: Mapped[str] = mapped_column(String(256))


class Document(Base):
    """A JSON document that a user keeps: a layout, a watch list, a screener, an alert rule."""

    __tablename__ = "documents"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    shelf: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    content: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(BigInteger)
    updated_ms: Mapped[int] = mapped_column(BigInteger)

    @property
    def etag(self) -> str:
        """The version, as HTTP names it."""
        return f'"{self.version}"'


class AuditRecord(Base):
    """What somebody did, or tried to do.

    Attributes:
        result: ``begun``, ``ok``, ``refused`` or ``failed``.
        detail: What was asked for, and why it was refused or failed; never a secret.
    """

    __tablename__ = "audit"
    __table_args__ = (Index("audit_at", "at_ms"),)

    id: Mapped[int] = mapped_column(_Key, primary_key=True)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    account: Mapped[str] = mapped_column(String(128))
    role: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(String(256))
    result: Mapped[str] = mapped_column(String(16))
    detail: Mapped[str] = mapped_column(String(1024))


class Secret(Base):
    """Something that the installation made up for itself, once."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(String(256))
