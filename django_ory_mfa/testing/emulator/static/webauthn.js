/* Security keys and passkeys on the pages of the emulator's flows, under the names that Ory's own script has: each function
   takes what the browser is asked to do from the form, and sends the form with what the device answers. */
(() => {
  const { PublicKeyCredential: keys } = window;
  if (!keys || !keys.parseCreationOptionsFromJSON || !keys.parseRequestOptionsFromJSON) {
    console.warn("This browser is too old for the emulator's security keys and passkeys.");
    return;
  }
  const field = (name) => document.querySelector(`[name="${name}"]`);
  const told = (name) => JSON.parse(field(name).value);
  // A browser asks for one key at a time: what waits in a field for a passkey ends when a button is pressed.
  let waiting = null;

  const send = async (name, asked) => {
    try {
      field(name).value = JSON.stringify(await asked);
      field(name).form.submit();
    } catch (error) {
      console.error(error);
    }
  };
  const make = (name, { publicKey }) =>
    send(name, navigator.credentials.create({ publicKey: keys.parseCreationOptionsFromJSON(publicKey) }));
  const use = (name, { publicKey }, more = {}) =>
    send(name, navigator.credentials.get({ publicKey: keys.parseRequestOptionsFromJSON(publicKey), ...more }));

  window.oryWebAuthnRegistration = (options) =>
    make("webauthn_register", options || told("webauthn_register_trigger"));
  window.oryWebAuthnLogin = (options) => use("webauthn_login", options || told("webauthn_login_trigger"));
  window.oryPasskeySettingsRegistration = () => make("passkey_settings_register", told("passkey_create_data"));
  window.oryPasskeyRegistration = () => {
    const { credentialOptions, displayNameFieldName } = told("passkey_create_data");
    const name = field(displayNameFieldName).value;
    Object.assign(credentialOptions.publicKey.user, { name, displayName: name });
    return make("passkey_register", credentialOptions);
  };
  window.oryPasskeyLogin = () => {
    if (waiting) waiting.abort();
    return use("passkey_login", told("passkey_challenge"));
  };
  window.oryPasskeyLoginAutocompleteInit = async () => {
    const isPossible = keys.isConditionalMediationAvailable && (await keys.isConditionalMediationAvailable());
    if (!isPossible || !field("identifier")) return;
    waiting = new AbortController();
    await use("passkey_login", told("passkey_challenge"), { mediation: "conditional", signal: waiting.signal });
  };
})();
