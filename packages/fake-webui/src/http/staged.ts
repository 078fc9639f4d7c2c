import type { Fault } from '../faults/fault.js'
import type { Reply } from './exchange.js'

/** The reply that an `answer` or `html` fault puts in place of the server's. */
export function staged(fault: Fault): Reply {
  if (fault.kind === 'html')
    return {
      status: fault.status ?? 502,
      text: '<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>',
      headers: { 'content-type': 'text/html; charset=utf-8', ...fault.headers },
    }
  const { status = 500, body, headers = {} } = fault
  return typeof body === 'string'
    ? { status, text: body, headers }
    : { status, ...(body === undefined ? {} : { json: body }), headers }
}
