import { defineErrors } from '@stagewright/core/errors'

/** Every error of this package, one factory per code. */
export const errors = defineErrors({
  // ── what was given ──
  SW_WEBUI_BASE_URL: {
    kind: 'config',
    message: (d: { url: string; problem: string }) =>
      `"${d.url}" is no address of a server: ${d.problem}`,
    hint: 'give an address like http://127.0.0.1:7860',
  },
  SW_WEBUI_CREDENTIALS: {
    kind: 'config',
    message: (d: { problem: string }) => `the credentials cannot be sent: ${d.problem}`,
    hint: 'give { username, password } or { bearer }, without line breaks; take them from the environment',
  },
  SW_WEBUI_URL_AS_PICTURE: {
    kind: 'config',
    message: (d: { path: string }) =>
      `${d.path} is an address, and the server would fetch it itself`,
    hint: 'open the picture on this machine and send its bytes',
  },
  SW_WEBUI_BODY: {
    kind: 'plugin',
    message: (d: { path: string; value: string }) =>
      `${d.path} is ${d.value}, which cannot be sent as JSON`,
    hint: 'leave the field out; only positional arguments may be null',
  },
  SW_WEBUI_CLOSED: {
    kind: 'plugin',
    message: (d: { server: string }) =>
      `the connection to ${d.server} has been closed by its owner`,
    hint: 'create a new backend',
  },
  // ── no connection ──
  SW_WEBUI_UNREACHABLE: {
    kind: 'backend',
    message: (d: { server: string; reason: string }) => `no connection to ${d.server}: ${d.reason}`,
    hint: 'start the server, and check host and port (7860 for the WebUIs, 1234 for sd-server)',
  },
  SW_WEBUI_HOST_UNKNOWN: {
    kind: 'backend',
    message: (d: { server: string; host: string }) =>
      `the host ${d.host} of ${d.server} is unknown`,
    hint: 'check the spelling of the host, or use its IP address',
  },
  SW_WEBUI_TLS: {
    kind: 'backend',
    message: (d: { server: string; reason: string }) =>
      `no secure connection to ${d.server}: ${d.reason}`,
    hint: 'use http:// if the server speaks plain HTTP; name its own certificate in NODE_EXTRA_CA_CERTS',
  },
  SW_WEBUI_BROKEN: {
    kind: 'backend',
    message: (d: { server: string; route: string; reason: string; mayBeTls: boolean }) =>
      `the connection to ${d.server} broke during ${d.route}: ${d.reason}`,
    hint: (d) =>
      d.mayBeTls
        ? 'use https:// if the server speaks TLS alone; else look at its log: it may have crashed or restarted'
        : 'look at the server’s log: it may have crashed or restarted',
  },
  SW_WEBUI_NO_ANSWER: {
    kind: 'backend',
    message: (d: { server: string; route: string; seconds: number }) =>
      `${d.server} did not answer ${d.route} within ${d.seconds} s`,
    hint: 'wait until the server has loaded its model, or restart it',
  },
  // ── refusals by status ──
  SW_WEBUI_UNAUTHORIZED: {
    kind: 'backend',
    message: (d: { server: string; route: string; given: string }) =>
      `${d.server} refused ${d.route} (401): it wants credentials, and got ${d.given}`,
    hint: (d) =>
      d.given === 'none'
        ? 'give the user and password of its --api-auth (STAGEWRIGHT_AUTH=user:password), or the bearer token of its proxy (STAGEWRIGHT_BEARER)'
        : 'check the credentials against the server’s --api-auth (not --gradio-auth)',
  },
  SW_WEBUI_FORBIDDEN: {
    kind: 'backend',
    message: (d: { server: string; route: string }) => `${d.server} forbids ${d.route} (403)`,
    hint: 'a proxy or firewall before the server refuses it: allow this route, or go to the server directly',
  },
  SW_WEBUI_NOT_FOUND: {
    kind: 'backend',
    message: (d: { server: string; route: string }) => `${d.server} has no ${d.route} (404)`,
    hint: 'start AUTOMATIC1111, Forge or reForge with --api; check that the address has no extra path, and that no other dialect than the server’s is named (auto finds it)',
  },
  SW_WEBUI_METHOD: {
    kind: 'backend',
    message: (d: { server: string; route: string }) =>
      `${d.server} does not take the method of ${d.route} (405)`,
    hint: 'the address leads to another program, or to a route this server’s version has not: check it with doctor',
  },
  SW_WEBUI_UPLOAD_TOO_LARGE: {
    kind: 'backend',
    message: (d: { server: string; route: string; bytes: number }) =>
      `${d.server} refused ${d.bytes} bytes for ${d.route} (413)`,
    hint: 'a proxy limits the body: raise it (nginx: client_max_body_size), or go to the server directly',
  },
  SW_WEBUI_RATE_LIMITED: {
    kind: 'backend',
    message: (d: { server: string; route: string }) =>
      `${d.server} answers ${d.route} with 429: too many requests`,
    hint: 'wait a minute; on SD.Next raise the option server_rate_limit',
  },
  SW_WEBUI_RATE_LIMITED_AFTER_WORK: {
    kind: 'backend',
    message: (d: { server: string; route: string }) =>
      `${d.server} answered ${d.route} with 429 in place of its pictures`,
    hint: 'SD.Next counts requests after the work is done: raise its option server_rate_limit (0 switches it off)',
  },
  SW_WEBUI_GATEWAY: {
    kind: 'backend',
    message: (d: { server: string; route: string; status: number; outcome: string }) =>
      `a proxy before ${d.server} gave up on ${d.route} (${d.status})${d.outcome}`,
    hint: (d) =>
      d.status === 504 || d.status === 524
        ? 'generations take longer than the proxy waits: raise its read timeout, or go to the server directly'
        : 'the server behind the proxy is down or restarting: start it, then run again',
  },
  SW_WEBUI_REDIRECTED: {
    kind: 'backend',
    message: (d: { server: string; route: string; status: number; location: string }) =>
      `${d.server} sends ${d.route} on to ${d.location} (${d.status})`,
    hint: 'give the address it leads to; redirects are not followed, so that no credentials leak',
  },
  SW_WEBUI_STATUS: {
    kind: 'backend',
    message: (d: { server: string; route: string; status: number; said: string }) =>
      `${d.server} answered ${d.route} with ${d.status}${d.said === '' ? '' : `: ${d.said}`}`,
    hint: 'look at the server’s log',
  },
  // ── answers that cannot be read ──
  SW_WEBUI_HTML: {
    kind: 'backend',
    message: (d: { server: string; route: string; status: number; title: string }) =>
      `${d.server} answered ${d.route} with a web page (${d.status}${d.title === '' ? '' : `, "${d.title}"`}), not JSON`,
    hint: 'a proxy or login page stands before the server, or the address is another program: go to the server directly',
  },
  SW_WEBUI_EMPTY_ANSWER: {
    kind: 'backend',
    message: (d: { server: string; route: string }) =>
      `${d.server} answered ${d.route} with nothing`,
    hint: 'look at the server’s log',
  },
  SW_WEBUI_TRUNCATED: {
    kind: 'backend',
    message: (d: { server: string; route: string; bytes: number }) =>
      `the answer of ${d.server} to ${d.route} is cut off after ${d.bytes} bytes`,
    hint: 'look for a limit on response size in a proxy before the server, and at the server’s log',
  },
  SW_WEBUI_BAD_ANSWER: {
    kind: 'backend',
    message: (d: { server: string; route: string; problem: string }) =>
      `the answer of ${d.server} to ${d.route} makes no sense: ${d.problem}`,
    hint: 'check with doctor that the address is a Stable Diffusion server, and which one',
  },
  SW_WEBUI_BAD_BASE64: {
    kind: 'backend',
    message: (d: { server: string; route: string; picture: number }) =>
      `picture ${d.picture} in the answer of ${d.server} to ${d.route} is not base64`,
    hint: 'an extension on the server may change answers: switch it off, and look at the server’s log',
  },
  SW_WEBUI_NO_PICTURES: {
    kind: 'backend',
    message: (d: { server: string; route: string; field: string }) =>
      `${d.server} answered ${d.route} with "${d.field}": null, so without pictures`,
    hint: 'the server failed without saying so: look at its log',
  },
  SW_WEBUI_LIMIT: {
    kind: 'backend',
    message: (d: { server: string; route: string; what: string; most: number }) =>
      `the answer of ${d.server} to ${d.route} has more than ${d.most} ${d.what}`,
    hint: 'make fewer or smaller pictures a call, or raise the limit',
  },
  // ── generations ──
  SW_WEBUI_STALLED: {
    kind: 'backend',
    message: (d: { server: string; route: string; seconds: number; interrupted: boolean }) =>
      `${d.route} made no progress on ${d.server} for ${d.seconds} s${d.interrupted ? ', and was interrupted' : ''}`,
    hint: 'look at the server’s log; allow more with a longer stall limit (--stall) if it is only slow',
  },
  SW_WEBUI_TIMED_OUT: {
    kind: 'backend',
    message: (d: { server: string; route: string; seconds: number; interrupted: boolean }) =>
      `${d.route} was not done on ${d.server} after ${d.seconds} s${d.interrupted ? ', and was interrupted' : ''}`,
    hint: 'allow more time (--timeout), or make smaller calls',
  },
  SW_WEBUI_RESULT_LOST: {
    kind: 'backend',
    message: (d: { server: string; route: string; reason: string }) =>
      `${d.server} finished ${d.route}, but its pictures are lost: ${d.reason}`,
    hint: 'they cannot be fetched again; run again to make them once more (same seeds, same pictures)',
  },
  SW_WEBUI_OUTCOME_UNKNOWN: {
    kind: 'backend',
    message: (d: { server: string; route: string; reason: string }) =>
      `the connection broke during ${d.route}, and ${d.server} cannot say what became of it: ${d.reason}`,
    hint: 'it was not repeated, since it may still be running: wait until the server is idle, then run again',
  },
})
