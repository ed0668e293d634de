// All orders, by the state they are in.
import { html, nothing } from "/vendor/lit-html.js";
import { moment, money, t } from "/shop/texts.js";
import { paged, table } from "./table.js";

const words = t.staff.orders;

export function orders(draw) {
  const status = new URLSearchParams(location.search).get("status") ?? "confirmed";
  const list = paged(`/staff/orders?${new URLSearchParams({ status })}`, show);

  function show() {
    draw(html`
      <nav class="chips" aria-label=${words.status}>
        ${Object.entries(t.order.states).map(([state, name]) => html`
          <a href="/staff?view=orders&status=${state}" aria-current=${state === status ? "page" : nothing}>${name}</a>`)}
      </nav>
      ${table(list, [
        [t.order.number, ({ order_id: id }) => html`<code>${id}</code>`],
        [words.placed, ({ placed_at: at }) => moment(at)],
        [words.lines, ({ line_count: lines }) => lines],
        [words.total, ({ total }) => money(total)],
      ])}`);
  }

  list.more();
}
