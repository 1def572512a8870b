"""How the Graph API shows what it holds."""

from typing import Any

from whatsapp_sim.errors import GraphError
from whatsapp_sim.state import Account, Media, Number, Template

Json = dict[str, Any]
UPPER = ("type", "format")


def chosen(whole: Json, fields: str, node: str) -> Json:
    """Only these fields, and the id. Raises GraphError for one that is not there."""
    if not fields:
        return whole
    names = [name.strip() for name in fields.split(",") if name.strip()]
    for name in names:
        if name not in whole:
            raise GraphError(
                100, message=f"(#100) Tried accessing nonexisting field ({name[:60]}) on node type ({node})"
            )
    return {name: whole[name] for name in names} | {"id": whole["id"]}


def template(one: Template) -> Json:
    return {
        "name": one.name,
        "parameter_format": one.parameter_format,
        "components": one.components,
        "language": one.language,
        "status": one.status,
        "category": one.category,
        "rejected_reason": one.reason,
        "quality_score": {"score": one.quality},
        "id": one.id,
    }


def number(one: Number) -> Json:
    return {
        "verified_name": one.name,
        "code_verification_status": "VERIFIED",
        "display_phone_number": one.display,
        "quality_rating": one.quality,
        "platform_type": "CLOUD_API",
        "throughput": {"level": "STANDARD" if one.throughput <= 80 else "HIGH"},
        "messaging_limit_tier": one.limit,
        "whatsapp_business_manager_messaging_limit": one.limit,
        "name_status": "APPROVED",
        "status": "CONNECTED",
        "id": one.id,
    }


def account(one: Account) -> Json:
    return {
        "name": one.name,
        "timezone_id": "1",
        "currency": "EUR",
        "message_template_namespace": f"simulated_{one.id}",
        "id": one.id,
    }


def media(one: Media, url: str) -> Json:
    return {
        "messaging_product": "whatsapp",
        "url": url,
        "mime_type": one.mime,
        "sha256": one.sha256.hex(),
        "file_size": len(one.content),
        "id": one.id,
    }


def normal(components: list[Json]) -> list[Json]:
    """Types and formats in capitals, as they are kept."""
    kept = []
    for one in components:
        raised = {name: str(one[name]).upper() for name in UPPER if name in one}
        if raised["type"] == "HEADER":
            raised.setdefault("format", "TEXT")
        kept.append({**one, **raised})
    return kept
