import { createPipeline, LearningRecorder } from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { recordingBackend } from './recording-backend.js'
import { failure, stages, three } from './runs.js'

describe('the learning record', () => {
  const recorder = (write: (line: string) => void) => {
    const called: string[] = []
    return {
      called,
      learning: new LearningRecorder({
        write,
        onRecord: (record) => void called.push(record.run_id),
        now: () => new Date(0),
      }),
    }
  }

  test('is one JSON line for a run that is done, then the callback', async () => {
    const lines: string[] = []
    const { learning, called } = recorder((line) => void lines.push(line))
    const result = await createPipeline({ backend: recordingBackend(), stages, learning }).run(
      { ...three, model: 'base', metadata: { shoot: 3 } },
      { runId: 'run-1' },
    )
    expect(lines).toHaveLength(1)
    expect(lines[0]?.endsWith('}\n')).toBe(true)
    expect(JSON.parse(lines[0] as string)).toEqual({
      run_id: 'run-1',
      timestamp: '1970-01-01T00:00:00.000Z',
      config: result.config,
      stages: [{ name: 'draw', outcome: 'done', ms: expect.any(Number) as number }],
      primary_model: 'base',
      sampler_name: 'DPM++ 2M',
      scheduler: 'Automatic',
      steps: 20,
      cfg_scale: 7,
      seeds: [5, 6, 7],
      outputs: result.images.map(({ digest }) => digest),
      metadata: { shoot: 3 },
    })
    expect(called).toEqual(['run-1'])
  })

  test('is not written for a run that failed', async () => {
    const lines: string[] = []
    const { learning } = recorder((line) => void lines.push(line))
    const backend = recordingBackend({
      answer: () => {
        throw new Error('no')
      },
    })
    await failure(createPipeline({ backend, stages, learning }).run(three))
    expect(lines).toEqual([])
  })

  test('changes nothing when its writer throws', async () => {
    const { learning, called } = recorder(() => {
      throw new Error('disk full')
    })
    const result = await createPipeline({ backend: recordingBackend(), stages, learning }).run(
      three,
    )
    expect(result).toMatchObject({
      status: 'done',
      warnings: ['the learning record was not written: disk full'],
    })
    expect(called).toEqual([])
  })
})
