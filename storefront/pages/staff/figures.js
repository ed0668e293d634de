// What the orders of today and of the days before come to, drawn and in numbers.
import { html, nothing, svg } from "/vendor/lit-html.js";
import { day, money, t } from "/shop/texts.js";
import { callSignedIn } from "/shop/visitor.js";
import { table } from "./table.js";

const words = t.staff.figures;
const DAYS = 14;
const A_DAY = 24 * 60 * 60 * 1000;

export function figures(draw) {
  const list = { items: null, next: null, busy: false, trouble: null, more: look }; // newest first

  function show() {
    draw(html`
      <p class="quiet">${words.means}</p>
      ${list.items ? today(list.items[0]) : nothing}
      ${list.items?.length === DAYS ? charts([...list.items].reverse()) : nothing}
      ${table(list, [
        [words.day, ({ day: date }) => html`<time datetime=${date}>${day(date)}</time>`],
        [words.orders, ({ orders }) => orders],
        [words.rejected, rejected],
        [words.cancelled, ({ by_status: by }) => by.cancelled],
        [words.revenue, ({ revenue }) => revenue.map(money).join(" + ")],
      ])}`);
  }

  async function look() {
    Object.assign(list, { busy: true, trouble: null });
    show();
    try {
      const now = await read("");
      list.items = [now];
      show();
      const before = Array.from({ length: DAYS - 1 }, (_, at) => dayBefore(now.day, at + 1));
      list.items = [now, ...(await Promise.all(before.map((date) => read(`?day=${date}`))))];
    } catch (trouble) {
      list.trouble = trouble.status === 404 ? { message: t.staff.notYet } : trouble;
    }
    list.busy = false;
    show();
  }

  look();
}

const read = async (query) => (await callSignedIn("GET", `/staff/figures${query}`)).body;
const dayBefore = (date, days) => new Date(Date.parse(date) - days * A_DAY).toISOString().slice(0, 10);
const sum = (numbers) => numbers.reduce((all, each) => all + each, 0);
const rejected = ({ rejections }) => sum(Object.values(rejections));

function today(now) {
  return html`
    <dl class="tiles">
      <div><dt>${words.todays(words.orders)}</dt><dd>${now.orders}</dd></div>
      ${now.revenue.map((each) => html`<div><dt>${words.todays(words.revenue)}</dt><dd>${money(each)}</dd></div>`)}
      <div><dt>${words.todays(words.rejected)}</dt><dd>${rejected(now)}</dd></div>
    </dl>`;
}

function charts(days) {
  const currencies = new Set(days.flatMap(({ revenue }) => revenue.map(({ currency }) => currency)));
  const amountIn = (currency) => ({ revenue }) => revenue.find((each) => each.currency === currency)?.amount ?? 0;
  return html`
    <div class="panels">
      ${chart(words.orders, days, ({ orders }) => orders, String)}
      ${[...currencies].map((currency) => chart(words.revenue, days, amountIn(currency), (amount) => money({ amount, currency })))}
    </div>
    ${reasons(days)}`;
}

/** A column a day; the numbers are in the table below. */
function chart(title, days, valueOf, shown) {
  const values = days.map(valueOf);
  const most = Math.max(...values);
  const height = (value) => (most ? (100 * value) / most : 0);
  return html`
    <figure class="chart">
      <figcaption>${words.perDay(title)} <span>${words.most(shown(most))}</span></figcaption>
      <svg viewBox="0 0 ${10 * DAYS} 100" preserveAspectRatio="none" aria-hidden="true">
        ${values.map((value, at) => svg`
          <rect x=${10 * at + 1} y=${100 - height(value)} width="8" height=${height(value)}>
            <title>${day(days[at].day)}: ${shown(value)}</title></rect>`)}
      </svg>
      <p><span>${day(days[0].day)}</span> <span>${words.today}</span></p>
    </figure>`;
}

function reasons(days) {
  const items = Object.keys(days[0].rejections).map((reason) => ({
    reason, now: days.at(-1).rejections[reason], all: sum(days.map(({ rejections }) => rejections[reason])),
  }));
  const most = Math.max(...items.map(({ all }) => all), 1);
  return html`
    <h2 class="section-head">${words.why}</h2>
    ${table({ items }, [
      [words.reason, ({ reason }) => words.reasons[reason] ?? reason],
      [words.today, ({ now }) => now],
      [words.days(DAYS), ({ all }) => all],
      ["", ({ all }) => html`
        <svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect width=${(100 * all) / most} height="10"/></svg>`],
    ])}`;
}
