// Starts the NHS components on every page, forgets kept text (save.js) when somebody else sits here, and lets one go
// back to a form that was shown again with errors.
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

// The page that shows a form's errors is the answer to what was sent: to go back to it, or to load it again, the browser
// would ask whether to send the form again. Its place in the history becomes the form's own page, and keeps what was
// typed. Forms that save themselves keep it by save.js; hidden fields are the page's own, files the browser's.
const typable = () => [...document.querySelectorAll("form[method=post]:not([data-save])")].flatMap((form) =>
  [...form.elements].filter((one) => one.name && !/hidden|submit|button|file|password|fieldset/.test(one.type)));
const { formPage } = document.body.dataset;
const keep = () => {
  const typed = typable().map(({ name, type, value, checked }) => [name, type, value, checked]);
  try { history.replaceState({ visitor, typed }, "", formPage); } catch { history.replaceState(null, "", formPage); }
};

if (formPage) {
  keep();
  document.addEventListener("change", keep);
} else if (history.state?.typed && history.state.visitor === visitor) {
  const left = history.state.typed;
  for (const one of typable()) {
    const ticked = /radio|checkbox/.test(one.type);
    const was = left.find(([name, type, value]) => name === one.name && type === one.type && (!ticked || value === one.value));
    if (was && ticked) one.checked = was[3];
    else if (was) one.value = was[2];
  }
}

initAll();
