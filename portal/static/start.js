// Starts the NHS components on every page, forgets kept text (save.js) when somebody else sits here, and fills in
// again what was corrected in a form with errors.
import { initAll } from "./vendor/nhsuk-frontend-10.6.1.min.js";

const forget = () => {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith("kept:")) localStorage.removeItem(key);
  } catch { /* Storage is closed to us: there is nothing to forget. */ }
};

const visitor = document.body.dataset.visitor;
if (visitor) {
  try {
    const before = localStorage.getItem("visitor");
    if (before && before !== visitor) forget();
    localStorage.setItem("visitor", visitor);
  } catch { /* As above. */ }
}
document.addEventListener("submit", (event) => {
  if (event.target.getAttribute("action") === "/sign-out") forget();
});

// What was corrected in a form with errors is filled in again when one comes back to it. Forms that save themselves keep
// it by save.js; hidden fields are the page's own, files the browser's.
const typable = () => [...document.querySelectorAll("form[method=post]:not([data-save])")].flatMap((form) =>
  [...form.elements].filter((one) => one.name && !/hidden|submit|button|file|password|fieldset/.test(one.type)));

if (history.state?.typed && history.state.visitor === visitor) {
  const left = history.state.typed;
  for (const one of typable()) {
    const ticked = /radio|checkbox/.test(one.type);
    const was = left.find(([name, type, value]) => name === one.name && type === one.type && (!ticked || value === one.value));
    if (was && ticked) one.checked = was[3];
    else if (was) one.value = was[2];
  }
}
if (document.body.dataset.errors) {
  document.addEventListener("change", () => {
    const typed = typable().map(({ name, type, value, checked }) => [name, type, value, checked]);
    try { history.replaceState({ visitor, typed }, ""); } catch { /* Too much to keep: the page keeps what was sent. */ }
  });
}

initAll();
