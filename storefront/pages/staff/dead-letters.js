// What the shop could not handle, room by room: read why, and send back what came out of a queue.
import { html, nothing } from "/vendor/lit-html.js";
import { get } from "/shop/api.js";
import { moment, t } from "/shop/texts.js";
import { callSignedIn } from "/shop/visitor.js";
import { orderAt } from "./addresses.js";
import { outcome, table, trying } from "./table.js";

const words = t.staff.deadLetters;
const pathOf = (id) => `/staff/dead-letters/${encodeURIComponent(id)}`;

export function deadLetters(draw) {
  const list = { items: null, next: null, busy: false, trouble: null, more: look };
  const state = { opened: null, said: null, trouble: null };

  function show() {
    const waiting = list.items?.reduce((sum, { count }) => sum + count, 0);
    draw(html`
      <p role="status">${list.items ? words.waiting(waiting) : nothing}</p>
      ${outcome(state)}
      ${state.opened ? letters(state.opened) : nothing}
      ${table(list, [
        [words.room, ({ room }) => room],
        [words.queue, ({ name, kind }) => html`${words.kinds[kind]}<br><code class="quiet">${name}</code>`],
        [words.count, (queue) => (queue.count ? deeds(queue) : queue.count)],
      ])}
      <p class="go"><button class="button plain" type="button" @click=${look}>${words.again}</button></p>
      <section class="panel" aria-labelledby="redrive">
        <h2 id="redrive">${words.how}</h2>
        <p>${words.first}</p>
        <dl class="advice">${Object.entries(words.advice).map(([kind, says]) => html`
          <dt>${words.kinds[kind]}</dt><dd>${says}</dd>`)}</dl>
      </section>`);
  }

  function deeds(queue) {
    return html`
      <p><strong class="alarm">${queue.count}</strong>
        <button class="link" type="button" @click=${() => read(queue)}>${words.read}</button></p>
      ${queue.kind === "facts" ? html`
        <button class="button plain" type="button" @click=${() => redrive(queue)}>${words.redrive}</button>` : nothing}`;
  }

  function letters({ room, items }) {
    return html`
      <section class="wide panel" aria-labelledby="opened">
        <h2 id="opened" tabindex="-1">${words.opened(room)}</h2>
        <p class="quiet">${words.some}</p>
        ${table({ items }, [
          [words.fact, ({ fact }) => fact ?? words.unknown],
          [words.why, ({ reason }) => reason ?? words.unknown],
          [words.order, ({ order_id: id }) => (id ? html`<a href=${orderAt(id)}><code>${id}</code></a>` : nothing)],
          [words.said, ({ at }) => (at ? moment(at) : nothing)],
        ])}
      </section>`;
  }

  async function read({ id, room }) {
    await trying(state, show, async () => {
      state.opened = { room, ...(await callSignedIn("GET", pathOf(id))).body };
    });
    document.getElementById("opened")?.focus();
  }

  const redrive = ({ id }) => trying(state, show, async () => {
    const { body } = await callSignedIn("POST", `${pathOf(id)}/redrive`);
    Object.assign(state, { opened: null, said: words.moved(body.moved) });
    await look();
  });

  async function look() {
    Object.assign(list, { busy: true, trouble: null });
    show();
    try {
      const [map, { body }] = await Promise.all([get("/map.json"), callSignedIn("GET", "/staff/map/figures")]);
      list.items = together(map, body.items);
    } catch (trouble) {
      list.trouble = trouble.status === 404 ? { message: t.staff.notYet } : trouble;
    }
    list.busy = false;
    show();
  }

  look();
}

/** The figures say how much is in which queue, the map which queue is of dead letters, and whose. */
function together({ nodes, edges, rooms }, figures) {
  const counts = new Map(figures.map(({ id, visible, in_flight: inFlight }) => [id, visible + inFlight]));
  const names = new Map(rooms.map(({ id, name }) => [id, name]));
  const queues = new Set(nodes.filter(({ kind }) => kind === "queue").map(({ id }) => id));
  const redriven = new Set(edges.filter(({ from }) => queues.has(from)).map(({ to }) => to));
  return nodes.filter(({ kind }) => kind === "dead-letters").map(({ id, name, room }) => ({
    id,
    name,
    room: names.get(room) ?? room,
    kind: kindOf(name, redriven.has(id)),
    count: counts.get(id) ?? 0,
  }));
}

/** Only what came out of a queue can go back into one. */
function kindOf(name, isRedriven) {
  if (isRedriven) return "facts";
  return name === "Unpublished" ? "unpublished" : "clock";
}
