// The stock of every product: staff receive stock, and adjust it after a count.
import { html } from "/vendor/lit-html.js";
import { field } from "/shop/components.js";
import { callSignedIn, newIdempotencyKey } from "/shop/session.js";
import { t } from "/shop/texts.js";
import { pagedList, resultMessage, table } from "./table.js";

const texts = t.staff.stock;

export function stock(draw) {
  const state = { message: null, error: null, keys: { receipts: newIdempotencyKey(), adjustments: newIdempotencyKey() } };
  const list = pagedList("/staff/stock", show);

  function show() {
    draw(html`
      ${resultMessage(state)}
      <div class="panels">
        <form class="panel" @submit=${(event) => submit(event, "receipts")}>
          <h2>${texts.receive}</h2>
          ${field("sku", texts.sku, { maxlength: 40 })}
          ${field("quantity", texts.quantity, { type: "number" })}
          <p class="actions"><button class="button">${texts.receive}</button></p>
        </form>
        <form class="panel" @submit=${(event) => submit(event, "adjustments")}>
          <h2>${texts.adjust}</h2>
          ${field("adjusted-sku", texts.sku, { maxlength: 40 })}
          ${field("adjustment", texts.adjustment, { type: "number" })}
          ${field("reason", texts.reason)}
          <p class="actions"><button class="button">${texts.adjust}</button></p>
        </form>
      </div>
      ${table(list, [
        [texts.sku, ({ sku }) => html`<code>${sku}</code>`],
        [texts.received, ({ received }) => received],
        [texts.allocated, ({ allocated }) => allocated],
        [texts.available, ({ available }) => available],
      ])}`);
  }

  /** Posts to `movements`, receipts or adjustments. The key stays the same until the shop has responded. */
  async function submit(event, movements) {
    event.preventDefault();
    const form = event.target;
    const { sku, "adjusted-sku": adjustedSku, quantity, adjustment, ...otherFields } = Object.fromEntries(new FormData(form));
    const body = { ...otherFields, quantity: Number(quantity ?? adjustment) };
    Object.assign(state, { message: null, error: null });
    try {
      const headers = { "idempotency-key": state.keys[movements] };
      await callSignedIn("POST", `/staff/stock/${encodeURIComponent(sku ?? adjustedSku)}/${movements}`, { body, headers });
      state.keys[movements] = newIdempotencyKey();
      state.message = t.staff.done;
      form.reset();
      await list.reload();
    } catch (error) {
      if (error.isFinal) state.keys[movements] = newIdempotencyKey();
      state.error = error;
    }
    show();
  }

  list.loadMore();
}
