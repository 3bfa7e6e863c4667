"""The page of webhooks: where events are sent to, how that goes, what to do where it does not."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from sync.server.api_webhooks import tested, webhooks_of
from sync.server.auth import RIGHT
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import FORM_BYTES_MAX, Form, form_of
from sync.server.web.frame import go_to, show_plain
from sync.server.web.sign_in import by_of
from sync.server.webhooks import KINDS, WebhookError, WebhookUnknown

ADMINISTER: Final[dict[str, Any]] = {RIGHT: "administer"}
PAGE: Final = "/webhooks"


@get("/webhooks", opt=ADMINISTER)
async def webhooks(request: AnyRequest) -> Response[str]:
    """All webhooks and how they stand."""
    return await _page(request, Form())


@post("/webhooks/add", opt=ADMINISTER, request_max_body_size=FORM_BYTES_MAX)
async def add(request: AnyRequest) -> Response[str]:
    """A new one; what signs its messages is shown this once."""
    form = await form_of(request)
    kinds = [kind for kind in KINDS if form.on(f"kind_{kind}")]
    try:
        _, secret = await webhooks_of(request).add(form["url"], kinds, by_of(request))
    except WebhookError as fault:
        return await _page(request, _refused(form, fault), 422)
    return await _page(request, Form(), secret=secret)


@post("/webhooks/remove", opt=ADMINISTER, request_max_body_size=FORM_BYTES_MAX)
async def remove(request: AnyRequest) -> Response[str] | Redirect:
    """Send nothing there any more."""
    form = await form_of(request)
    try:
        await webhooks_of(request).remove(form["webhook"], by_of(request))
    except WebhookError as fault:
        return await _page(request, _refused(Form(), fault), _status(fault))
    return go_to(PAGE, "webhooks.said.removed", form["webhook"])


@post("/webhooks/resume", opt=ADMINISTER, request_max_body_size=FORM_BYTES_MAX)
async def resume(request: AnyRequest) -> Response[str] | Redirect:
    """Send again at once what was not taken, or leave it out."""
    form = await form_of(request)
    name, skip = form["webhook"], form.on("skip")
    try:
        await webhooks_of(request).resume(name, by_of(request), skip=skip)
    except WebhookError as fault:
        return await _page(request, _refused(Form(), fault), _status(fault))
    return go_to(PAGE, f"webhooks.said.{'skipped' if skip else 'resumed'}", name)


@post("/webhooks/test", opt=ADMINISTER, request_max_body_size=FORM_BYTES_MAX)
async def try_out(request: AnyRequest) -> Response[str] | Redirect:
    """Send one test message, and say whether it was taken."""
    form = await form_of(request)
    try:
        answer = await tested(request, form["webhook"])
    except WebhookError as fault:
        return await _page(request, _refused(Form(), fault), _status(fault))
    if answer.taken:
        return go_to(PAGE, "webhooks.said.tested", f"{answer.milliseconds} ms")
    return await _page(request, Form({}, answer.fault))


async def _page(
    request: AnyRequest, form: Form, status: int = 200, secret: str = ""
) -> Response[str]:
    known = await webhooks_of(request).all()
    return show_plain(
        request,
        "office/webhooks.html",
        status,
        form=form,
        hooks=known,
        kinds=KINDS,
        secret=secret,
    )


def _status(fault: WebhookError) -> int:
    return 404 if isinstance(fault, WebhookUnknown) else 409


def _refused(form: Form, fault: WebhookError) -> Form:
    return Form(form.fields, str(fault), fault.field)


routes: Final = (webhooks, add, remove, resume, try_out)
