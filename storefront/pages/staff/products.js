// The catalog: staff add products, edit them, change prices, and delist products.
import { html, nothing } from "/vendor/lit-html.js";
import { get } from "/shop/api.js";
import { field } from "/shop/components.js";
import { callSignedIn } from "/shop/session.js";
import { formatMoney, t } from "/shop/texts.js";
import { pictureChoice, pictureInput } from "./picture.js";
import { pagedList, resultMessage, table } from "./table.js";

const CURRENCY = "GBP";
const texts = t.staff.product;
const staffPath = (sku) => `/staff/products/${encodeURIComponent(sku)}`;
const loadProduct = (sku) => get(`/api/products/${encodeURIComponent(sku)}`);

export function products(draw) {
  const state = { editing: null, message: null, error: null, isConfirmingDelist: false };
  const list = pagedList("/products", show);
  const pictureFile = pictureChoice(show);

  function show() {
    draw(html`
      ${resultMessage(state)}
      ${state.editing ? form(state.editing) : html`
        <p class="actions"><button class="button" type="button" @click=${() => edit({})}>${texts.add}</button></p>`}
      ${table(list, [
        [texts.sku, ({ sku }) => html`<code>${sku}</code>`],
        [texts.name, ({ sku, name }) => html`<button class="link" type="button" @click=${() => open(sku)}>${name}</button>`],
        [texts.category, ({ category }) => category],
        [texts.price, ({ price }) => formatMoney(price)],
      ])}`);
  }

  /** Opens the form: {} is a new product, null closes it. */
  function edit(product) {
    pictureFile.clear();
    Object.assign(state, { editing: null, message: null, error: null, isConfirmingDelist: false });
    show(); // removes the form together with its input
    state.editing = product;
    show();
    document.getElementById(product?.sku ? "name" : "sku")?.focus();
  }

  const open = (sku) => run(async () => edit(await loadProduct(sku)));

  function form(product) {
    const errorOf = (pointer) => state.error?.fieldError?.(pointer);
    const price = product.price ? (product.price.amount / 100).toFixed(2) : "";
    return html`
      <form class="panel" @submit=${save}>
        <h2>${product.sku ? texts.edit(product.name) : texts.add}</h2>
        ${product.sku ? nothing : field("sku", texts.sku, { maxlength: 40, error: errorOf("/sku") })}
        ${field("name", texts.name, { value: product.name, error: errorOf("/name") })}
        ${field("category", texts.category, { value: product.category, error: errorOf("/category"), maxlength: 60 })}
        <div class="field-pair">
          ${field("price", texts.price, { value: price, error: errorOf("/price/amount") })}
          ${field("weight", texts.weight, { type: "number", value: product.weight_grams ?? "", error: errorOf("/weight_grams") })}
        </div>
        ${pictureInput(pictureFile, product.image)}
        ${field("image", texts.image, { value: product.image ?? "", required: false, error: errorOf("/image"), maxlength: 500 })}
        <p class="field"><label for="description">${texts.description}</label>
          <textarea id="description" name="description" rows="4" .defaultValue=${product.description ?? ""}></textarea></p>
        <p class="actions"><button class="button" ?disabled=${pictureFile.progress !== null}>${t.staff.save}</button>
          <button class="button plain" type="button" @click=${() => edit(null)}>${t.staff.close}</button>
          ${product.sku ? delistAction(product) : nothing}</p>
      </form>`;
  }

  function delistAction(product) {
    const confirm = () => { state.isConfirmingDelist = true; show(); };
    return state.isConfirmingDelist ? html`<strong>${texts.confirmDelist}</strong>
      <button class="button" type="button" @click=${() => delist(product)}>${texts.delist}</button>` : html`
      <button class="button plain" type="button" @click=${confirm}>${texts.delist}</button>`;
  }

  function save(event) {
    event.preventDefault();
    const { sku, price: priceText, weight, image, ...otherDetails } = Object.fromEntries(new FormData(event.target));
    const details = { ...otherDetails, weight_grams: Number(weight), ...(image ? { image } : {}) };
    const price = { amount: Math.round(Number(priceText.replace(",", ".")) * 100), currency: CURRENCY };
    return run(async () => {
      const isNew = !state.editing.sku;
      if (isNew) state.editing = (await callSignedIn("POST", "/staff/products", { body: { sku, ...details, price } })).body;
      if (pictureFile.file) details.image = await pictureFile.upload(state.editing.sku);
      if (!isNew || pictureFile.file) await update(state.editing, details, price);
      edit(null);
      state.message = t.staff.done;
      await list.reload();
    });
  }

  /** Updates details, then the price. The second request states the version that the first one returned. */
  async function update(product, details, price) {
    let { version } = product;
    const headers = () => ({ "if-match": `"${version}"` });
    ({ version } = (await callSignedIn("PUT", staffPath(product.sku), { body: details, headers: headers() })).body);
    if (price.amount === product.price.amount) return;
    await callSignedIn("PUT", `${staffPath(product.sku)}/price`, { body: { price }, headers: headers() });
  }

  const delist = ({ sku, version }) => run(async () => {
    await callSignedIn("POST", `${staffPath(sku)}/delisting`, { headers: { "if-match": `"${version}"` } });
    edit(null);
    state.message = t.staff.done;
    await list.reload();
  });

  /** After a concurrent update (412), shows the product's current version. */
  async function run(action) {
    Object.assign(state, { message: null, error: null });
    try {
      await action();
    } catch (error) {
      state.error = error;
      if (error.status === 412) {
        state.editing = await loadProduct(state.editing.sku).catch(() => state.editing);
        state.error = { message: texts.changedMeanwhile };
      }
    }
    show();
  }

  list.loadMore();
}
