// Parcels to be sent: where each goes, and the click that sends it.
import { html, nothing } from "/vendor/lit-html.js";
import { moment, t } from "/shop/texts.js";
import { callSignedIn } from "/shop/visitor.js";
import { orderAt } from "./addresses.js";
import { outcome, paged, table, trying } from "./table.js";

const words = t.staff.shipments;
const pathOf = (id) => `/staff/shipments/${encodeURIComponent(id)}`;

export function shipments(draw) {
  const state = { said: null, trouble: null, receivers: new Map() };
  const list = paged("/staff/shipments", show);

  function show() {
    draw(html`
      ${outcome(state)}
      ${table(list, [
        [words.order, ({ order_id: id }) => html`<a href=${orderAt(id)}><code>${id}</code></a>`],
        [words.state, ({ state: stands }) => stands],
        [words.made, ({ made_at: at }) => moment(at)],
        [words.receiver, receiver],
        ["", (each) => html`<button class="button plain" type="button" @click=${() => send(each)}>${words.dispatch}</button>`],
      ])}`);
  }

  /** An address is asked for one by one: it is nobody's business in a list. */
  function receiver({ order_id: id }) {
    const known = state.receivers.get(id);
    if (!known) return html`<button class="link" type="button" @click=${() => look(id)}>${words.look}</button>`;
    const { name, line1, line2, postcode, city, country } = known;
    return html`${[name, line1, line2, postcode, city, country].filter(Boolean).join(", ") || nothing}`;
  }

  const look = (id) => trying(state, show, async () => {
    state.receivers.set(id, (await callSignedIn("GET", pathOf(id))).body.receiver ?? {});
  });

  const send = ({ order_id: id }) => trying(state, show, async () => {
    await callSignedIn("POST", `${pathOf(id)}/dispatch`, { body: {} });
    state.said = t.staff.done;
    await list.again();
  });

  list.more();
}
