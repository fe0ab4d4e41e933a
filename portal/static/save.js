// Saves each field of <form data-save="URL"> as it is typed. Says so by the field; loses nothing when it cannot.
// POST field, content (one for each ticked box), revision; answers: 200 {saved_at, revision},
// 409 {theirs, revision, saved_at}, 422 {sentence}, 401.
const groups = ".nhsuk-date-input, .nhsuk-radios, .nhsuk-checkboxes";
const unsaid = ["hidden", "submit", "button", "file", "password"];
const fields = [];
let leaving = false;

const store = (act, key, text) => {
  try { return localStorage[act + "Item"](key, text); } catch { return null; }
};
const make = (tag, text, attributes = {}) => {
  const element = Object.assign(document.createElement(tag), { textContent: text });
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};
const same = (a, b) => a.replace(/\r\n/g, "\n").trim() === b.replace(/\r\n/g, "\n").trim();

class Field {
  constructor(form, name, inputs) {
    Object.assign(this, { form, name, inputs, tries: 0, version: 0, saved: 0 });
    this.ticked = inputs[0].type === "radio" || inputs[0].type === "checkbox";
    this.key = `kept:${form.dataset.save}:${name}`;
    const group = (inputs[0].closest(groups) || inputs[0]).closest(".nhsuk-form-group") || inputs[0].parentElement;
    this.status = group.appendChild(make("div", "", { class: "portal-save", role: "status" }));
    this.choice = group.appendChild(make("div", "", { class: "portal-choice", hidden: "" }));
    for (const input of inputs) {
      input.addEventListener("input", () => this.typed());
      input.addEventListener("blur", () => this.save());
    }
    const kept = store("get", this.key);
    if (kept === null) return;
    if (same(kept, this.content(true).join("\n"))) return void store("remove", this.key);
    this.ask("We kept what you typed here", [["What you typed", kept]], [
      ["Use what I typed", () => { this.put(kept); this.typed(); this.save(); }],
      ["Keep what is saved", () => store("remove", this.key)],
    ]);
  }

  content(first) {
    const [value, on] = first ? ["defaultValue", "defaultChecked"] : ["value", "checked"];
    if (this.ticked) return this.inputs.filter((input) => input[on]).map((input) => input.value);
    const input = this.inputs[0];
    if (first && input.options) return [...input.options].filter((o) => o.defaultSelected).map((o) => o.value);
    return [input[value]];
  }

  put(text) {
    if (this.ticked) for (const input of this.inputs) input.checked = text.split("\n").includes(input.value);
    else this.inputs[0].value = text;
  }

  say(text, problem = false) {
    this.status.className = problem ? "portal-save portal-save--problem" : "portal-save";
    if (this.status.textContent !== text) this.status.replaceChildren(text);
  }

  ask(title, texts, answers) {
    this.asking = true;
    this.choice.replaceChildren(make("p", title, { class: "portal-choice__title" }));
    for (const [heading, text] of texts) {
      this.choice.append(make("p", heading), make("blockquote", text || "Nothing"));
    }
    for (const [words, act] of answers) {
      const button = make("button", words, { type: "button", class: "nhsuk-button nhsuk-button--secondary nhsuk-button--small" });
      button.addEventListener("click", () => {
        this.asking = false;
        this.choice.hidden = true;
        this.inputs[0].focus();
        act();
      });
      this.choice.append(button, " ");
    }
    this.choice.hidden = false;
    this.say(title, true);
  }

  typed() {
    this.version += 1;
    this.refused = false;
    store("set", this.key, this.content().join("\n"));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), 800);
  }

  get unsaved() { return this.version > this.saved; }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), Math.min(60000, 2000 * 2 ** this.tries++));
  }

  async save() {
    if (!this.unsaved || this.busy || this.asking || this.refused || leaving) return;
    clearTimeout(this.timer);
    this.busy = true;
    const version = this.version;
    const body = new URLSearchParams({ field: this.name, revision: this.inputs[0].dataset.revision || "0" });
    const content = this.content();
    for (const text of content.length ? content : [""]) body.append("content", text);
    try {
      const answer = await fetch(this.form.dataset.save, {
        method: "POST", body, keepalive: String(body).length < 60000, headers: { Accept: "application/json" },
      });
      if (answer.status === 401 || answer.redirected) this.signedOut();
      else await this.read(answer, version);
    } catch {
      this.say("Not saved yet: we keep trying. Do not close this page.", true);
      this.later();
    }
    this.busy = false;
    if (this.unsaved && this.version > version) this.save();
  }

  async read(answer, version) {
    if (![200, 409, 422].includes(answer.status)) throw new Error(answer.status);
    const said = await answer.json();
    this.tries = 0;
    if (answer.status === 422) {
      this.refused = this.version === version;
      return this.say(said.sentence, true);
    }
    for (const input of this.inputs) input.dataset.revision = said.revision;
    if (answer.status === 409) return this.differs(said);
    this.saved = version;
    if (!this.unsaved) store("remove", this.key);
    this.say(`Saved at ${said.saved_at}`);
  }

  differs({ theirs, saved_at: when }) {
    this.ask(`This was changed in another tab, saved at ${when}`, [
      ["Here", this.content().join("\n")], ["In the other tab", theirs],
    ], [
      ["Keep mine", () => this.save()],
      ["Use the other", () => {
        this.put(theirs);
        this.saved = this.version;
        store("remove", this.key);
        this.say(`Saved at ${when}`);
      }],
    ]);
  }

  signedOut() {
    this.say("You have been signed out. ", true);
    this.status.append(
      make("a", "Sign in in another tab", { href: "/sign-in", target: "_blank", rel: "noopener" }),
      ", then go on: what you typed is kept here.",
    );
    this.later();
  }
}

for (const form of document.querySelectorAll("form[data-save]")) {
  const named = Map.groupBy
    ? Map.groupBy(form.elements, (input) => input.name)
    : [...form.elements].reduce((map, i) => map.set(i.name, [...(map.get(i.name) || []), i]), new Map());
  for (const [name, inputs] of named) {
    const own = inputs.filter((input) => !unsaid.includes(input.type));
    if (name && own.length) fields.push(new Field(form, name, own));
  }
  form.addEventListener("submit", () => { leaving = true; });
}

const saveAll = () => fields.forEach((field) => field.save());
addEventListener("pagehide", saveAll);
addEventListener("online", saveAll);
addEventListener("focus", saveAll);
addEventListener("pageshow", () => { leaving = false; });
addEventListener("beforeunload", (event) => {
  if (!leaving && fields.some((field) => field.unsaved)) event.preventDefault();
});
