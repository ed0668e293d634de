// Open shipments: staff read the address of each and dispatch its parcel.
import { html, nothing } from "/vendor/lit-html.js";
import { callSignedIn } from "/shop/session.js";
import { formatTime, t } from "/shop/texts.js";
import { orderLink } from "./links.js";
import { pagedList, resultMessage, run, table } from "./table.js";

const texts = t.staff.shipments;
const pathOf = (id) => `/staff/shipments/${encodeURIComponent(id)}`;

export function shipments(draw) {
  const state = { message: null, error: null, receivers: new Map() };
  const list = pagedList("/staff/shipments", show);

  function show() {
    draw(html`
      ${resultMessage(state)}
      ${table(list, [
        [texts.order, ({ order_id: id }) => html`<a href=${orderLink(id)}><code>${id}</code></a>`],
        [texts.status, ({ status }) => status],
        [texts.created, ({ created_at: createdAt }) => formatTime(createdAt)],
        [texts.receiver, receiver],
        ["", ({ order_id: id }) => html`<button class="button plain" type="button" @click=${() => dispatch(id)}>${texts.dispatch}</button>`],
      ])}`);
  }

  /** The list has no addresses, to protect personal data. Each is loaded on demand. */
  function receiver({ order_id: id }) {
    const loaded = state.receivers.get(id);
    if (!loaded) return html`<button class="link" type="button" @click=${() => loadReceiver(id)}>${texts.showReceiver}</button>`;
    const { name, line1, line2, postcode, city, country } = loaded;
    return html`${[name, line1, line2, postcode, city, country].filter(Boolean).join(", ") || nothing}`;
  }

  const loadReceiver = (id) => run(state, show, async () => {
    state.receivers.set(id, (await callSignedIn("GET", pathOf(id))).body.receiver ?? {});
  });

  const dispatch = (id) => run(state, show, async () => {
    await callSignedIn("POST", `${pathOf(id)}/dispatch`, { body: {} });
    state.message = t.staff.done;
    await list.reload();
  });

  list.loadMore();
}
