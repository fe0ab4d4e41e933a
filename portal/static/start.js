// Starts the NHS components on every page, and forgets kept text (save.js) when somebody else sits here.
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

initAll();
