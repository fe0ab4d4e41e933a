// Saves each field of <form data-save="URL"> as it is typed: POST field, content (one for each ticked box), revision.
// A hidden <input data-revision-of="field"> follows, for forms that carry revisions without scripts too.
// Answers: 200 {saved_at, revision}, 409 {theirs, revision, saved_at}, 422 {sentence}, and what `elsewhere` names.
const groups = ".nhsuk-date-input, .nhsuk-radios, .nhsuk-checkboxes";
// What is put right in another tab: what happened, where, and what to do there.
const elsewhere = {
  401: ["You have been signed out. ", "/sign-in", "Sign in in another tab"],
  403: ["Not saved: you no longer act in the role that this page is for. ", "/roles", "Choose your role in another tab"],
  gone: ["Not saved: the role that this page is for was withdrawn. What you typed stays here: copy it, and ask. ",
    "/help/contact", "See whom to ask, in another tab", "."],
  404: ["Not saved: this page is not there for who is signed in now. ", "/account", "See in another tab who is signed in"],
};
const fields = [];
let leaving = false;

const store = (act, key, text) => {
  try { return localStorage[act + "Item"](key, text); } catch { return null; }
};
const make = (tag, textContent, more) => Object.assign(document.createElement(tag), { textContent }, more);
const same = (a, b) => a.replace(/\r/g, "").trim() === b.replace(/\r/g, "").trim();

class Field {
  constructor(form, name, inputs) {
    const [input] = inputs;
    Object.assign(this, { form, name, inputs, input, tries: 0, version: 0, saved: 0 });
    this.ticked = /radio|checkbox/.test(input.type);
    this.key = `kept:${form.dataset.save}:${name}`;
    const group = this.group = (input.closest(groups) || input).closest(".nhsuk-form-group") || input.parentElement;
    this.status = group.appendChild(make("div", "", { className: "portal-save", role: "status" }));
    this.choice = group.appendChild(make("div", "", { className: "portal-choice", hidden: true }));
    for (const input of inputs) {
      input.oninput = () => this.typed();
      input.onblur = () => this.save();
    }
    const kept = store("get", this.key);
    if (kept === null) return;
    if (same(kept, this.content(true).join("\n"))) return this.forget();
    this.ask("We kept what you typed here", [["What you typed", kept]], [
      ["Use what I typed", () => { this.put(kept); this.typed(); this.save(); }],
      ["Keep what is saved", () => this.forget()],
    ]);
  }

  content(first) {
    const [value, on] = first ? ["defaultValue", "defaultChecked"] : ["value", "checked"];
    if (this.ticked) return this.inputs.filter((input) => input[on]).map((input) => input.value);
    const { input } = this;
    if (first && input.options) return [...input.options].filter((o) => o.defaultSelected).map((o) => o.value);
    return [input[value]];
  }

  get text() { return this.content().join("\n"); }

  put(text) {
    if (this.ticked) for (const input of this.inputs) input.checked = text.split("\n").includes(input.value);
    else this.input.value = text;
  }

  say(text, problem = false) {
    // What the page said when it was opened is older than this.
    if (text) this.form.querySelector("[data-saved]")?.remove();
    this.status.className = "portal-save" + (problem ? " portal-save--problem" : "");
    this.status.textContent = text;
  }

  ask(title, texts, answers) {
    this.asking = true;
    // The title stands in the status just above, where it is read out.
    this.choice.replaceChildren();
    for (const [heading, text] of texts) this.choice.append(make("p", heading), make("blockquote", text || "Nothing"));
    for (const [words, act] of answers) {
      const onclick = () => {
        this.asking = false;
        this.choice.hidden = true;
        this.say("");
        this.input.focus();
        act();
      };
      const className = "nhsuk-button nhsuk-button--secondary";
      this.choice.append(make("button", words, { type: "button", className, onclick }), " ");
    }
    this.choice.hidden = false;
    this.say(title, true);
  }

  typed() {
    this.version += 1;
    this.refused = false;
    store("set", this.key, this.text);
    this.later(800);
  }

  get unsaved() { return this.version > this.saved; }

  later(wait = Math.min(60000, 2000 * 2 ** this.tries++)) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), wait);
  }

  async save() {
    if (!this.unsaved || this.busy || this.asking || this.refused || leaving) return;
    clearTimeout(this.timer);
    this.busy = true;
    const version = this.version;
    const body = new URLSearchParams({ field: this.name, revision: this.input.dataset.revision || 0 });
    const content = this.content();
    for (const text of content.length ? content : [""]) body.append("content", text);
    try {
      const answer = await fetch(this.form.dataset.save, {
        method: "POST", body, keepalive: String(body).length < 60000, headers: { Accept: "application/json" },
      });
      let status = answer.redirected ? 401 : answer.status;
      if (status === 403 && (await answer.clone().text()).includes("data-role-gone")) status = "gone";
      if (elsewhere[status]) this.waits(status);
      else await this.read(answer, version);
      this.failed = false;
    } catch {
      this.failed = true;
      this.say("Not saved yet: we keep trying. Do not close this page.", true);
      this.later();
    }
    this.busy = false;
    if (this.unsaved && this.version > version) this.save();
  }

  // One more try, after the one that may be under way.
  async tried() {
    while (this.busy) await new Promise((done) => setTimeout(done, 50));
    await this.save();
  }

  async read(answer, version) {
    const known = [200, 409, 422].includes(answer.status) && /json/.test(answer.headers.get("Content-Type"));
    if (!known && (answer.status < 400 || answer.status >= 500 || answer.status === 429)) throw new Error(answer.status);
    const said = known ? await answer.json() : {};
    this.tries = 0;
    if (!known || answer.status === 422) {
      this.refused = this.version === version;
      this.outdate();
      return this.say(said.sentence || "Not saved: this cannot be taken. Copy what you typed, then open the page again.", true);
    }
    for (const input of this.inputs) input.dataset.revision = said.revision;
    if (answer.status === 409) return this.differs(said);
    for (const seen of this.form.querySelectorAll("[data-revision-of]")) {
      if (seen.dataset.revisionOf === this.name) seen.value = said.revision;
    }
    this.done(version, said.saved_at);
  }

  // What the page said was wrong is about another text.
  outdate() {
    const { group } = this;
    group.classList.remove("nhsuk-form-group--error");
    for (const error of group.querySelectorAll(".nhsuk-error-message")) error.remove();
    for (const input of this.inputs) input.classList.remove("nhsuk-input--error", "nhsuk-textarea--error");
  }

  done(version, when) {
    this.saved = version;
    this.outdate();
    if (!this.unsaved) this.forget();
    this.say(`Saved at ${when}`);
  }

  forget() { store("remove", this.key); }

  differs({ theirs, saved_at: when }) {
    this.ask(`This was changed in another tab, saved at ${when}`, [
      ["Here", this.text], ["In the other tab", theirs],
    ], [
      ["Keep mine", () => this.save()],
      ["Use the other", () => {
        this.put(theirs);
        this.done(this.version, when);
      }],
    ]);
  }

  // Tried again by itself, since what is needed is done in another tab.
  waits(status) {
    this.later();
    if (this.waiting === status && this.status.querySelector("a")) return;
    this.waiting = status;
    const [what, href, words, end = ", then go on: what you typed is kept here."] = elsewhere[status];
    this.say(what, true);
    const link = make("a", words, { href, target: "_blank", rel: "noopener" });
    this.status.append(link, end);
  }
}

// A form whose fields cannot be saved is not sent either, since the browser would leave the page for one that fails.
async function send(event) {
  const stuck = fields.filter((field) => field.form === event.target && field.failed && field.unsaved);
  if (!stuck.length) {
    leaving = true;
    return;
  }
  event.preventDefault();
  const { target, submitter } = event;
  await Promise.all(stuck.map((field) => field.tried()));
  const still = stuck.filter((field) => field.failed && field.unsaved);
  if (!still.length) return target.requestSubmit(submitter);
  for (const field of still) field.say("Not sent: the service cannot be reached. Stay on this page and try again soon.", true);
  still[0].input.focus();
}

for (const form of document.querySelectorAll("form[data-save]")) {
  const named = {};
  for (const input of form.elements) {
    if (input.name && !/hidden|submit|button|file|password|fieldset/.test(input.type)) (named[input.name] ||= []).push(input);
  }
  for (const name in named) fields.push(new Field(form, name, named[name]));
  form.addEventListener("submit", send);
}

for (const event of ["pagehide", "online", "focus"]) addEventListener(event, () => fields.forEach((field) => field.save()));
addEventListener("pageshow", () => { leaving = false; });
addEventListener("beforeunload", (event) => {
  if (!leaving && fields.some((field) => field.unsaved)) event.preventDefault();
});
