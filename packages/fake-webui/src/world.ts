import type { Dialect } from './data/dialects.js'
import { Faults } from './faults/fault.js'
import { Crash } from './http/errors.js'
import type { Exchange } from './http/exchange.js'
import { byAlias, type Checkpoint, checkpoint, title } from './jobs/checkpoints.js'
import type { Clock } from './jobs/clock.js'
import { FifoLock } from './jobs/lock.js'
import { Progress } from './jobs/progress.js'
import { Tasks } from './jobs/tasks.js'
import type { FakeWebuiOptions } from './options.js'
import type { Painter } from './pictures/painter.js'
import type { Script } from './scripts/script.js'
import { NativeJobs } from './sdcpp/native-jobs.js'

export interface ModelLoad {
  readonly model: string
  /** As the latency model has it, without the scale. */
  readonly seconds: number
}

export interface Latency {
  readonly modelLoad: number
  readonly step: number
  readonly megapixel: number
  readonly scale: number
}

/** All that a running server remembers. */
export class World {
  settings: Record<string, unknown>
  readonly checkpoints: Checkpoint[]
  readonly loras: string[]
  readonly detectors: string[]
  lock = new FifoLock(() => this.changed())
  progress: Progress
  /** Counts the processes: work of an earlier one is void. */
  epoch = 0
  tasks = new Tasks()
  /** sd-server's own queue. */
  nativeJobs: NativeJobs
  readonly faults: Faults
  readonly latency: Latency
  loaded: Checkpoint | undefined
  loads: ModelLoad[] = []
  /** Generations and enlargements that were carried out, whether or not a reply arrived. */
  finished = 0
  loraCacheFilled = false
  closed = false
  readonly #waiters = new Set<() => void>()

  constructor(
    readonly dialect: Dialect,
    readonly options: FakeWebuiOptions,
    readonly clock: Clock,
    readonly painter: Painter,
    readonly scripts: readonly Script[],
  ) {
    this.checkpoints = (options.models ?? dialect.models).map((one) => checkpoint(one))
    this.settings = this.#freshSettings()
    this.loras = [...(options.loras ?? [])]
    this.detectors = [...(options.detectors ?? dialect.detectors)]
    this.progress = new Progress(clock, () => this.changed())
    this.nativeJobs = new NativeJobs(clock, () => this.changed())
    this.faults = new Faults(() => this.changed())
    this.latency = {
      modelLoad: options.latency?.modelLoad ?? 5,
      step: options.latency?.step ?? 0.1,
      megapixel: options.latency?.megapixel ?? 0.5,
      scale: options.latency?.scale ?? 0,
    }
  }

  /** Waits as long as the latency model has it for so many seconds of work. */
  async takes(seconds: number): Promise<void> {
    const ms = seconds * this.latency.scale * 1000
    if (ms > 0) await this.clock.sleep(ms)
  }

  /** Brings a checkpoint into memory, the only one that fits, and hashes its file.
   *  @throws {Crash} when a fault says that the file is gone */
  async load(model: Checkpoint, exchange: Exchange): Promise<void> {
    if (exchange.suffers('model_missing'))
      throw new Crash('FileNotFoundError', `No such file or directory: '${model.file}'`)
    if (this.loaded === model) return
    await this.takes(this.latency.modelLoad)
    const wasCurrent = this.settings['sd_model_checkpoint'] === title(model)
    this.loaded = model
    this.loads.push({ model: model.file, seconds: this.latency.modelLoad })
    model.hashed = true
    if (wasCurrent) this.settings['sd_model_checkpoint'] = title(model)
    this.changed()
  }

  /** The checkpoint that the option names, else the first one. */
  get currentModel(): Checkpoint {
    const name = this.settings['sd_model_checkpoint']
    const found = typeof name === 'string' ? byAlias(this.checkpoints, name) : undefined
    const model = found ?? this.checkpoints[0]
    if (model === undefined)
      throw new Crash('FileNotFoundError', 'No checkpoints found. Put some into the models folder.')
    return model
  }

  /** A new process on the same disk: settings and hashes stay, memory does not. */
  restart(): void {
    this.loaded = undefined
    this.epoch++
    this.tasks = new Tasks()
    this.progress = new Progress(this.clock, () => this.changed())
    this.lock = new FifoLock(() => this.changed())
    this.nativeJobs.stop()
    this.nativeJobs = new NativeJobs(this.clock, () => this.changed())
    this.faults.release()
    this.changed()
  }

  /** As it was when it was started. */
  reset(): void {
    this.settings = this.#freshSettings()
    for (const one of this.checkpoints) one.hashed = false
    this.loads = []
    this.finished = 0
    this.loraCacheFilled = false
    this.faults.clear()
    this.faults.add(...(this.options.faults ?? []))
    this.restart()
  }

  changed(): void {
    for (const waiter of this.#waiters) waiter()
  }

  /** Resolves when `holds` does, checked at each change; also when the server closes. */
  until(holds: () => boolean): Promise<void> {
    if (holds() || this.closed) return Promise.resolve()
    return new Promise((resolve) => {
      const waiter = (): void => {
        if (!holds() && !this.closed) return
        this.#waiters.delete(waiter)
        resolve()
      }
      this.#waiters.add(waiter)
    })
  }

  #freshSettings(): Record<string, unknown> {
    const { dialect, options } = this
    const first = this.checkpoints[0]
    return {
      ...structuredClone(dialect.options),
      ...(dialect.name === 'sdcpp'
        ? {}
        : { sd_model_checkpoint: first === undefined ? null : title(first) }),
      ...(options.samplesFormat === undefined ? {} : { samples_format: options.samplesFormat }),
      ...structuredClone(options.settings ?? {}),
    }
  }
}
