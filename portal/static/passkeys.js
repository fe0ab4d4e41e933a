// Passkeys: <form data-passkey="create|get" data-options="URL"> asks the browser, and posts what it gives.
for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) continue;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    const says = form.querySelector("[role=status]");
    try {
      const answer = await fetch(form.dataset.options, { method: "POST" });
      if (!answer.ok) throw new Error(answer.statusText);
      const options = await answer.json();
      const made = form.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
      form.elements.credential.value = JSON.stringify(made);
      form.submit();
    } catch {
      says.textContent = "That did not work. Try again, or use a code by email.";
      for (const button of form.querySelectorAll("button")) button.disabled = false;
    }
  });
}
