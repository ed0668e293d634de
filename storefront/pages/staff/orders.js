// All orders, by the state they are in, and the way to each.
import { html, nothing } from "/vendor/lit-html.js";
import { moment, money, t } from "/shop/texts.js";
import { orderAt } from "./addresses.js";
import { story } from "./story.js";
import { paged, table } from "./table.js";

const words = t.staff.orders;

export function orders(draw) {
  const asked = new URLSearchParams(location.search);
  if (asked.has("order")) return story(draw, asked.get("order").trim());
  const status = asked.get("status") ?? "confirmed";
  const list = paged(`/staff/orders?${new URLSearchParams({ status })}`, show);

  function show() {
    draw(html`
      <form class="find" action="/staff" role="search">
        <input type="hidden" name="view" value="orders">
        <label for="order">${t.order.number}</label>
        <input id="order" name="order" required maxlength="60" autocomplete="off" spellcheck="false">
        <button class="button plain">${words.open}</button>
      </form>
      <nav class="chips" aria-label=${words.status}>
        ${Object.entries(t.order.states).map(([state, name]) => html`
          <a href="/staff?view=orders&status=${state}" aria-current=${state === status ? "page" : nothing}>${name}</a>`)}
      </nav>
      ${table(list, [
        [t.order.number, ({ order_id: id }) => html`<a href=${orderAt(id)}><code>${id}</code></a>`],
        [words.placed, ({ placed_at: at }) => moment(at)],
        [words.lines, ({ line_count: lines }) => lines],
        [words.total, ({ total }) => money(total)],
      ])}`);
  }

  list.more();
}
