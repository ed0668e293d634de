// All orders by status, and a search by order number. Opens one order's timeline.
import { html, nothing } from "/vendor/lit-html.js";
import { formatMoney, formatTime, t } from "/shop/texts.js";
import { orderLink } from "./links.js";
import { pagedList, table } from "./table.js";
import { orderTimeline } from "./timeline.js";

const texts = t.staff.orders;

export function orders(draw) {
  const query = new URLSearchParams(location.search);
  if (query.has("order")) return orderTimeline(draw, query.get("order").trim());
  const currentStatus = query.get("status") ?? "confirmed";
  const list = pagedList(`/staff/orders?${new URLSearchParams({ status: currentStatus })}`, show);

  function show() {
    draw(html`
      <form class="search" action="/staff" role="search">
        <input type="hidden" name="view" value="orders">
        <label for="order">${t.order.number}</label>
        <input id="order" name="order" required maxlength="60" autocomplete="off" spellcheck="false">
        <button class="button plain">${texts.open}</button>
      </form>
      <nav class="chips" aria-label=${texts.status}>
        ${Object.entries(t.order.statuses).map(([status, name]) => html`
          <a href="/staff?view=orders&status=${status}" aria-current=${status === currentStatus ? "page" : nothing}>${name}</a>`)}
      </nav>
      ${table(list, [
        [t.order.number, ({ order_id: id }) => html`<a href=${orderLink(id)}><code>${id}</code></a>`],
        [texts.placed, ({ placed_at: placedAt }) => formatTime(placedAt)],
        [texts.lines, ({ line_count: lineCount }) => lineCount],
        [texts.total, ({ total }) => formatMoney(total)],
      ])}`);
  }

  list.loadMore();
}
