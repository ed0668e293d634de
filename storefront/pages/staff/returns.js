// Returns by status. Staff accept a return, line by line, or reject it with a reason.
import { html, nothing } from "/vendor/lit-html.js";
import { field } from "/shop/components.js";
import { callSignedIn } from "/shop/session.js";
import { formatMoney, formatTime, t } from "/shop/texts.js";
import { orderLink } from "./links.js";
import { pagedList, resultMessage, run, table } from "./table.js";

const texts = t.staff.returns;
const pathOf = (id) => `/staff/returns/${encodeURIComponent(id)}`;

export function returns(draw) {
  const state = { opened: null, message: null, error: null };
  const query = new URLSearchParams(location.search);
  const currentStatus = query.get("status") in texts.statuses ? query.get("status") : "requested";
  const list = pagedList(`/staff/returns?${new URLSearchParams({ status: currentStatus })}`, show);

  function show() {
    draw(html`
      <nav class="chips" aria-label=${texts.status}>
        ${Object.entries(texts.statuses).map(([status, name]) => html`
          <a href="/staff?view=returns&status=${status}" aria-current=${status === currentStatus ? "page" : nothing}>${name}</a>`)}
      </nav>
      ${resultMessage(state)}
      ${state.opened ? openedReturn(state.opened) : nothing}
      ${table(list, [
        [texts.return, ({ return_id: id }) => html`
          <button class="link" type="button" @click=${() => open(id)}>${texts.shortId(id)}</button>`],
        [texts.order, ({ order_id: id }) => html`<a href=${orderLink(id)}><code>${id}</code></a>`],
        [texts.requestedAt, ({ requested_at: requestedAt }) => formatTime(requestedAt)],
        [texts.quantity, ({ quantity }) => quantity],
        [texts.refund, ({ refund }) => (refund ? formatMoney(refund) : nothing)],
      ])}`);
  }

  async function open(id) {
    await run(state, show, async () => { state.opened = (await callSignedIn("GET", pathOf(id))).body; });
    document.getElementById("opened")?.focus();
  }

  function openedReturn(opened) {
    return html`
      <section class="panel" aria-labelledby="opened">
        <h2 id="opened" tabindex="-1">${texts.title(opened.return_id)}</h2>
        <p class="muted">${texts.order} <a href=${orderLink(opened.order_id)}><code>${opened.order_id}</code></a></p>
        ${opened.reason ? html`<p>${texts.reason(opened.reason)}</p>` : nothing}
        ${opened.status === "requested" ? decisionForms(opened) : decidedLines(opened)}
      </section>`;
  }

  function decidedLines({ lines }) {
    return html`<ul class="compact-list">${lines.map(({ sku, quantity, restock }) => html`
      <li><span>${texts.line(quantity, sku)}</span> <span>${restock ? texts.restock : texts.writeOff}</span></li>`)}</ul>`;
  }

  function decisionForms({ lines }) {
    return html`
      <form @submit=${accept}>
        ${lines.map(({ sku, quantity }) => html`
          <fieldset><legend>${texts.line(quantity, sku)}</legend>
            <label class="choice"><input type="radio" name=${sku} value="restock" required>${texts.restock}</label>
            <label class="choice"><input type="radio" name=${sku} value="write-off">${texts.writeOff}</label>
          </fieldset>`)}
        <p class="actions"><button class="button">${texts.accept}</button></p>
      </form>
      <form @submit=${reject}>
        ${field("rejection-reason", texts.rejectionReason, { error: state.error?.fieldError?.("/reason") })}
        <p class="actions"><button class="button plain">${texts.reject}</button>
          <button class="link" type="button" @click=${close}>${t.staff.close}</button></p>
      </form>`;
  }

  function close() {
    Object.assign(state, { opened: null, message: null, error: null });
    show();
  }

  function accept(event) {
    event.preventDefault();
    const lines = [...new FormData(event.target)].map(([sku, choice]) => ({ sku, restock: choice === "restock" }));
    return decide("acceptance", { lines }, ({ refund }) => texts.accepted(formatMoney(refund)));
  }

  function reject(event) {
    event.preventDefault();
    const reason = new FormData(event.target).get("rejection-reason").trim();
    return decide("rejection", { reason }, () => texts.rejected);
  }

  /** The same decision sent again changes nothing. A different one fails once the return is decided. */
  const decide = (decision, body, messageFor) => run(state, show, async () => {
    const path = pathOf(state.opened.return_id);
    try {
      const decidedReturn = (await callSignedIn("POST", `${path}/${decision}`, { body })).body;
      Object.assign(state, { opened: null, message: messageFor(decidedReturn) });
    } catch (error) {
      if (error.type !== "return-already-decided") throw error;
      Object.assign(state, { opened: null, error: { message: texts.alreadyDecided } });
    }
    await list.reload();
  });

  list.loadMore();
  if (query.has("return")) open(query.get("return"));
}
