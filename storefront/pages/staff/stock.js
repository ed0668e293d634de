// How much there is of what: goods that come are received, miscounts are put right.
import { html } from "/vendor/lit-html.js";
import { field } from "/shop/parts.js";
import { t } from "/shop/texts.js";
import { callSignedIn, newKey } from "/shop/visitor.js";
import { outcome, paged, table } from "./table.js";

const words = t.staff.stock;

export function stock(draw) {
  const state = { said: null, trouble: null, keys: { receipts: newKey(), adjustments: newKey() } };
  const list = paged("/staff/stock", show);

  function show() {
    draw(html`
      ${outcome(state)}
      <div class="panels">
        <form class="panel" @submit=${(event) => book(event, "receipts")}>
          <h2>${words.receive}</h2>
          ${field("sku", words.sku, { maxlength: 40 })}
          ${field("quantity", words.quantity, { type: "number" })}
          <p class="go"><button class="button">${words.book}</button></p>
        </form>
        <form class="panel" @submit=${(event) => book(event, "adjustments")}>
          <h2>${words.adjust}</h2>
          ${field("sku-counted", words.sku, { maxlength: 40 })}
          ${field("by", words.by, { type: "number" })}
          ${field("reason", words.reason)}
          <p class="go"><button class="button">${words.book}</button></p>
        </form>
      </div>
      ${table(list, [
        [words.sku, ({ sku }) => html`<code>${sku}</code>`],
        [words.received, ({ received }) => received],
        [words.taken, ({ taken }) => taken],
        [words.available, ({ available }) => available],
      ])}`);
  }

  /** A form is one booking however often it is sent; the next one gets a key of its own. */
  async function book(event, kind) {
    event.preventDefault();
    const form = event.target;
    const { sku, "sku-counted": counted, ...given } = Object.fromEntries(new FormData(form));
    const body = { ...given, ...(given.by ? { by: Number(given.by) } : { quantity: Number(given.quantity) }) };
    Object.assign(state, { said: null, trouble: null });
    try {
      const headers = { "idempotency-key": state.keys[kind] };
      await callSignedIn("POST", `/staff/stock/${encodeURIComponent(sku ?? counted)}/${kind}`, { body, headers });
      state.keys[kind] = newKey();
      state.said = t.staff.done;
      form.reset();
      await list.again();
    } catch (trouble) {
      if (trouble.isAnswer) state.keys[kind] = newKey();
      state.trouble = trouble;
    }
    show();
  }

  list.more();
}
