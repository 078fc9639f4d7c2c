import { backendContract } from '@stagewright/testkit'
import { describe, it } from 'vitest'

import { sketch } from '../src/index.js'

backendContract({ describe, it }, { title: 'sketch', backend: () => sketch() })
