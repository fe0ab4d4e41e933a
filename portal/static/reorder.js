// Lets the board drag the items of <ol data-reorder>. Without it each item's number and its up and down buttons do
// the same through the server. An item holds input[type=number], button[data-move="up"|"down"], .portal-reorder__name.
for (const list of document.querySelectorAll("[data-reorder]")) {
  const items = () => [...list.children];
  const first = Number(list.querySelector("input[type=number]")?.value || 1);
  const status = document.createElement("p");
  status.className = "portal-save";
  status.setAttribute("role", "status");
  list.after(status);

  const moved = (item) => {
    items().forEach((each, index) => {
      const place = each.querySelector("input[type=number]");
      place.value = first + index;
      each.querySelector('[data-move="up"]').hidden = first + index === 1;
      each.querySelector('[data-move="down"]').hidden = first + index === Number(place.max);
    });
    const name = item.querySelector(".portal-reorder__name").textContent.trim();
    status.textContent = `${name} is now in place ${first + items().indexOf(item)}. This is not saved yet.`;
  };

  list.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-move]");
    if (!button) return;
    const item = items().find((each) => each.contains(button));
    const other = button.dataset.move === "up" ? item.previousElementSibling : item.nextElementSibling;
    event.preventDefault();
    if (!other) return;
    if (button.dataset.move === "up") other.before(item); else other.after(item);
    moved(item);
    (button.hidden ? item.querySelector("button[data-move]:not([hidden])") : button)?.focus();
  });

  for (const item of items()) {
    // For the pointer only: the keyboard has the buttons and the number.
    const handle = document.createElement("span");
    handle.className = "portal-reorder__handle";
    handle.setAttribute("aria-hidden", "true");
    handle.textContent = "⠿";
    item.prepend(handle);
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      item.classList.add("portal-reorder__item--moving");
      const before = items().indexOf(item);
      const move = ({ clientY }) => {
        const over = items().find((each) => {
          const box = each.getBoundingClientRect();
          return each !== item && clientY > box.top && clientY < box.bottom;
        });
        if (!over) return;
        const box = over.getBoundingClientRect();
        if (clientY < box.top + box.height / 2) over.before(item); else over.after(item);
      };
      const end = () => {
        for (const [name, act] of [["pointermove", move], ["pointerup", end], ["pointercancel", end]]) {
          document.removeEventListener(name, act);
        }
        item.classList.remove("portal-reorder__item--moving");
        if (items().indexOf(item) !== before) moved(item);
      };
      // On the document: an item that moves within the list would lose a captured pointer.
      document.addEventListener("pointermove", move);
      document.addEventListener("pointerup", end);
      document.addEventListener("pointercancel", end);
    });
  }
}
