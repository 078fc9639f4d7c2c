import type { PoolStatus, ServerStatus } from '@stagewright/scheduler'
import { describe, expect, test } from 'vitest'

import { besideBlocks, LiveBlock } from '../src/progress/live-block.js'
import { poolLines } from '../src/progress/pool-table.js'

describe('the table of a pool', () => {
  test('fits a narrow terminal: names are cut, numbers stay', () => {
    const error = 'the connection to the server broke during POST /sdapi/v1/txt2img: it closed it'
    const status = pool([server({}), server({ state: 'down', models: [], error, retryInMs: 4000 })])
    const lines = poolLines(status, { columns: 80 })
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(lines[1]).toMatch(/^render-.*…  jugger.*…  -  .* 12 +5 +6\.7 s +34$/)
    expect(lines[2]).toMatch(/ down, asked in 4\.0 s + 12 +5 +6\.7 s +34$/)
    expect(poolLines(status, { columns: 200 })[1]).toContain('juggernautXL_v9Rdphoto2Lightning  ')
  })

  test('fits a low terminal: what works or is down stays, in its order, and the rest is counted', () => {
    const states = ['idle', 'down', 'idle', 'busy', 'new', 'busy', 'idle'] as const
    const status = pool(states.map((state, i) => server({ name: `node-${i}`, state })))
    const namesIn = (rows: number) =>
      poolLines(status, { rows }).flatMap((line) => /^node-\d/.exec(line) ?? [])
    expect(namesIn(5)).toEqual(['node-1', 'node-3', 'node-5'])
    expect(namesIn(4)).toEqual(['node-3', 'node-5'])
    expect(namesIn(6)).toEqual(['node-1', 'node-3', 'node-4', 'node-5'])
    expect(poolLines(status, { rows: 5 }).at(-1)).toBe('12 queued; 4 more servers: 3 idle, 1 new')
    expect(poolLines(status, { rows: 9 })).toHaveLength(9)
    expect(poolLines(status, { rows: 9 }).at(-1)).toBe('12 queued')
  })

  test.each([1, 2, 3, 8])('has no more than the %i rows it is given', (rows) => {
    const status = pool(Array.from({ length: 9 }, () => server({})))
    const lines = poolLines(status, { rows, columns: 30 })
    expect(lines.length).toBeLessThanOrEqual(rows)
    expect(lines.at(-1)).toMatch(/^12 queued; \d more server/)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(30)
  })

  test('keeps what is written to the other output of its terminal, above it', () => {
    const screen = new Screen(8)
    const block = new LiveBlock(screen)
    const other = besideBlocks(screen)
    const draw = () => block.show(poolLines(pool([server({}), server({})]), { rows: block.room }))
    draw()
    other.write('\nstopping; again to stop at once\n')
    draw()
    block.show([])
    other.write('after it\n')
    const table = [/^server /, /^render-/, /^render-/, /^12 queued$/]
    const lines = table.map((line) => expect.stringMatching(line) as string)
    const stopping = ['', 'stopping; again to stop at once']
    expect([...screen.above, ...screen.lines]).toEqual([...stopping, ...lines, 'after it', ''])
  })

  test('may stand on the output that others write to', () => {
    const screen = new Screen(8)
    const other = besideBlocks(screen)
    const block = new LiveBlock(other)
    block.show(['a table'])
    other.write('a line\n')
    block.write('another\n')
    expect(screen.lines).toEqual(['a line', 'another', 'a table', ''])
    block.show([])
  })

  test('leaves room on the screen for a bar above it and the cursor below', () => {
    const screen = new Screen(6)
    const block = new LiveBlock(screen)
    const draw = (queued: number): void => {
      const servers = Array.from({ length: 20 }, (_, i) => server({ name: `node-${i}` }))
      block.show(poolLines({ ...pool(servers), queued }, { rows: block.room }))
    }
    block.write('\r\u001B[2Ktxt2img ███░░')
    draw(3)
    for (let queued = 2; queued >= 0; queued--) {
      block.write('\r\u001B[2Ktxt2img ████░')
      draw(queued)
    }
    block.show([])
    // A table drawn too high would leave its upper lines behind, above the screen.
    expect(screen.above).toEqual([])
    expect(screen.lines).toEqual([
      'txt2img ████░',
      expect.stringMatching(/^server /) as string,
      expect.stringMatching(/^node-0 /) as string,
      expect.stringMatching(/^node-1 /) as string,
      '0 queued; 18 more servers: 18 idle',
      '',
    ])
  })
})

function server(more: Partial<ServerStatus>): ServerStatus {
  return {
    name: 'render-node-17.example.com:7860',
    state: 'idle',
    models: ['juggernautXL_v9Rdphoto2Lightning.safetensors'],
    queued: 12,
    done: 34,
    failed: 0,
    loads: 5,
    idleMs: 6700,
    ...more,
  }
}

function pool(servers: readonly ServerStatus[]): PoolStatus {
  const none = { running: 0, done: 68, moved: 0, quarantined: 0, waiting: 0, owners: [] }
  return { servers, queued: 12, ...none }
}

/** A terminal of so many rows, as far as a live block makes use of one. */
class Screen {
  readonly isTTY = true
  readonly above: string[] = []
  lines = ['']
  #row = 0

  constructor(readonly rows: number) {}

  write(text: string): void {
    const plain = text.replaceAll('\u001B[', '␛')
    for (const part of plain.match(/␛\d*[A-Z]|\r|\n|[^␛\r\n]+/g) ?? []) {
      const up = /^␛(\d+)A$/.exec(part)
      if (up !== null) this.#row = Math.max(0, this.#row - Number(up[1]))
      else if (part === '␛0J') this.lines = [...this.lines.slice(0, this.#row), '']
      else if (part === '␛2K') this.lines[this.#row] = ''
      else if (part === '\n') this.#down()
      else if (part !== '\r') this.lines[this.#row] += part
    }
  }

  #down(): void {
    this.#row += 1
    this.lines[this.#row] ??= ''
    if (this.lines.length <= this.rows) return
    this.above.push(...this.lines.splice(0, 1))
    this.#row -= 1
  }
}
