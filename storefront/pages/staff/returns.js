// What customers send back: taken back line by line once it is here, or refused with a reason.
import { html, nothing } from "/vendor/lit-html.js";
import { field } from "/shop/parts.js";
import { moment, money, t } from "/shop/texts.js";
import { callSignedIn } from "/shop/visitor.js";
import { orderAt } from "./addresses.js";
import { outcome, paged, table, trying } from "./table.js";

const words = t.staff.returns;
const pathOf = (id) => `/staff/returns/${encodeURIComponent(id)}`;

export function returns(draw) {
  const state = { opened: null, said: null, trouble: null };
  const asked = new URLSearchParams(location.search);
  const awaits = asked.get("awaits") in words.waiting ? asked.get("awaits") : "requested";
  const list = paged(`/staff/returns?${new URLSearchParams({ awaits })}`, show);

  function show() {
    draw(html`
      <nav class="chips" aria-label=${words.awaits}>
        ${Object.entries(words.waiting).map(([each, name]) => html`
          <a href="/staff?view=returns&awaits=${each}" aria-current=${each === awaits ? "page" : nothing}>${name}</a>`)}
      </nav>
      ${outcome(state)}
      ${state.opened ? one(state.opened) : nothing}
      ${table(list, [
        [words.one, ({ return_id: id }) => html`
          <button class="link" type="button" @click=${() => read(id)}>${words.open(id)}</button>`],
        [words.order, ({ order_id: id }) => html`<a href=${orderAt(id)}><code>${id}</code></a>`],
        [words.asked, ({ requested_at: at }) => moment(at)],
        [words.pieces, ({ pieces }) => pieces],
        [words.refund, ({ refund }) => (refund ? money(refund) : nothing)],
      ])}`);
  }

  async function read(id) {
    await trying(state, show, async () => { state.opened = (await callSignedIn("GET", pathOf(id))).body; });
    document.getElementById("opened")?.focus();
  }

  function one(back) {
    return html`
      <section class="panel" aria-labelledby="opened">
        <h2 id="opened" tabindex="-1">${words.title(back.return_id)}</h2>
        <p class="quiet">${words.order} <a href=${orderAt(back.order_id)}><code>${back.order_id}</code></a></p>
        ${back.reason ? html`<p>${words.why(back.reason)}</p>` : nothing}
        ${back.status === "requested" ? verdict(back) : lines(back)}
      </section>`;
  }

  function lines(back) {
    return html`<ul class="short">${back.lines.map(({ sku, quantity, restock }) => html`
      <li><span>${words.becomes(quantity, sku)}</span> <span>${restock ? words.restock : words.writeOff}</span></li>`)}</ul>`;
  }

  function verdict(back) {
    return html`
      <form @submit=${accept}>
        ${back.lines.map(({ sku, quantity }) => html`
          <fieldset><legend>${words.becomes(quantity, sku)}</legend>
            <label class="choice"><input type="radio" name=${sku} value="restock" required>${words.restock}</label>
            <label class="choice"><input type="radio" name=${sku} value="write-off">${words.writeOff}</label>
          </fieldset>`)}
        <p class="go"><button class="button">${words.accept}</button></p>
      </form>
      <form @submit=${refuse}>
        ${field("refusal", words.refusal, { error: state.trouble?.field?.("/reason") })}
        <p class="go"><button class="button plain">${words.refuse}</button>
          <button class="link" type="button" @click=${leave}>${t.staff.leave}</button></p>
      </form>`;
  }

  function leave() {
    Object.assign(state, { opened: null, said: null, trouble: null });
    show();
  }

  function accept(event) {
    event.preventDefault();
    const lines = [...new FormData(event.target)].map(([sku, fate]) => ({ sku, restock: fate === "restock" }));
    return decide("acceptance", { lines }, ({ refund }) => words.accepted(money(refund)));
  }

  function refuse(event) {
    event.preventDefault();
    const reason = new FormData(event.target).get("refusal").trim();
    return decide("refusal", { reason }, () => words.refused);
  }

  /** The same verdict sent again changes nothing; another one is told that it comes too late. */
  const decide = (verb, body, say) => trying(state, show, async () => {
    const path = pathOf(state.opened.return_id);
    try {
      const decided = (await callSignedIn("POST", `${path}/${verb}`, { body })).body;
      Object.assign(state, { opened: null, said: say(decided) });
    } catch (trouble) {
      if (trouble.slug !== "return-decided") throw trouble;
      Object.assign(state, { opened: null, trouble: { message: words.late } });
    }
    await list.again();
  });

  list.more();
  if (asked.has("return")) read(asked.get("return"));
}
