// The figures of the orders of today and of the 13 days before, as charts and as a table.
import { html, nothing, svg } from "/vendor/lit-html.js";
import { callSignedIn } from "/shop/session.js";
import { formatDay, formatMoney, t } from "/shop/texts.js";
import { table } from "./table.js";

const texts = t.staff.figures;
const DAYS = 14;
const DAY_MS = 24 * 60 * 60 * 1000;

export function figures(draw) {
  const list = { items: null, next: null, busy: false, error: null, loadMore: load }; // newest first

  function show() {
    draw(html`
      <p class="muted">${texts.explanation}</p>
      ${list.items ? todayTiles(list.items[0]) : nothing}
      ${list.items?.length === DAYS ? charts([...list.items].reverse()) : nothing}
      ${table(list, [
        [texts.day, ({ day }) => html`<time datetime=${day}>${formatDay(day)}</time>`],
        [texts.orders, ({ orders }) => orders],
        [texts.rejected, rejectedCount],
        [texts.cancelled, ({ by_status: byStatus }) => byStatus.cancelled],
        [texts.revenue, ({ revenue }) => revenue.map(formatMoney).join(" + ")],
      ])}`);
  }

  async function load() {
    Object.assign(list, { busy: true, error: null });
    show();
    try {
      const today = await loadFigures("");
      list.items = [today];
      show();
      const earlierDays = Array.from({ length: DAYS - 1 }, (_, index) => daysBefore(today.day, index + 1));
      list.items = [today, ...(await Promise.all(earlierDays.map((day) => loadFigures(`?day=${day}`))))];
    } catch (error) {
      list.error = error.status === 404 ? { message: t.staff.noService } : error;
    }
    list.busy = false;
    show();
  }

  load();
}

const loadFigures = async (query) => (await callSignedIn("GET", `/staff/figures${query}`)).body;
const daysBefore = (day, days) => new Date(Date.parse(day) - days * DAY_MS).toISOString().slice(0, 10);
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const rejectedCount = ({ rejections }) => sum(Object.values(rejections));

function todayTiles(today) {
  return html`
    <dl class="tiles">
      <div><dt>${texts.ofToday(texts.orders)}</dt><dd>${today.orders}</dd></div>
      ${today.revenue.map((revenue) => html`<div><dt>${texts.ofToday(texts.revenue)}</dt><dd>${formatMoney(revenue)}</dd></div>`)}
      <div><dt>${texts.ofToday(texts.rejected)}</dt><dd>${rejectedCount(today)}</dd></div>
    </dl>`;
}

/** `days` is oldest first. There is a revenue chart for each currency. */
function charts(days) {
  const currencies = new Set(days.flatMap(({ revenue }) => revenue.map(({ currency }) => currency)));
  const amountIn = (currency) => ({ revenue }) => revenue.find((money) => money.currency === currency)?.amount ?? 0;
  return html`
    <div class="panels">
      ${chart(texts.orders, days, ({ orders }) => orders, String)}
      ${[...currencies].map((currency) => chart(texts.revenue, days, amountIn(currency), (amount) => formatMoney({ amount, currency })))}
    </div>
    ${rejectionReasons(days)}`;
}

/** A bar per day. Screen readers read the table below instead. */
function chart(title, days, valueOf, format) {
  const values = days.map(valueOf);
  const highest = Math.max(...values);
  const height = (value) => (highest ? (100 * value) / highest : 0);
  return html`
    <figure class="chart">
      <figcaption>${texts.perDay(title)} <span>${texts.highest(format(highest))}</span></figcaption>
      <svg viewBox="0 0 ${10 * DAYS} 100" preserveAspectRatio="none" aria-hidden="true">
        ${values.map((value, index) => svg`
          <rect x=${10 * index + 1} y=${100 - height(value)} width="8" height=${height(value)}>
            <title>${formatDay(days[index].day)}: ${format(value)}</title></rect>`)}
      </svg>
      <p><span>${formatDay(days[0].day)}</span> <span>${texts.today}</span></p>
    </figure>`;
}

function rejectionReasons(days) {
  const items = Object.keys(days[0].rejections).map((reason) => ({
    reason, today: days.at(-1).rejections[reason], total: sum(days.map(({ rejections }) => rejections[reason])),
  }));
  const highest = Math.max(...items.map(({ total }) => total), 1);
  return html`
    <h2 class="section-head">${texts.rejectionReasons}</h2>
    ${table({ items }, [
      [texts.reason, ({ reason }) => texts.reasons[reason] ?? reason],
      [texts.today, ({ today }) => today],
      [texts.days(DAYS), ({ total }) => total],
      ["", ({ total }) => html`
        <svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect width=${(100 * total) / highest} height="10"/></svg>`],
    ])}`;
}
