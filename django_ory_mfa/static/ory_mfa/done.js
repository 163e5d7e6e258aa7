// For the page ory_mfa:done: tell the pages that wait in oryMfa.fetch(), and close the window if the browser lets us.
new BroadcastChannel("ory_mfa").postMessage("done");
close();
