/**
 * All cases, area by area.
 *
 * @module
 */

import { csbCases } from "./areas/csb.ts";
import { errnoPersistentCases, errnoPollingCases } from "./areas/errno_persistent.ts";
import { errnoHostRingCases, errnoPipeCases } from "./areas/errno_pipes.ts";
import { errnoBasicCases, errnoRegisterCases } from "./areas/errno_register.ts";
import { errnoSwitchCases } from "./areas/errno_switch.ts";
import { exclusivityCases } from "./areas/exclusivity.ts";
import { extraBufferCases } from "./areas/extra_buffers.ts";
import { hostRingCases, interfaceCases } from "./areas/interface.ts";
import {
  legacyCases,
  legacyCommandCases,
  legacyPipeCases,
  legacyRegistrationCases,
} from "./areas/legacy.ts";
import { legacyProgramCases } from "./areas/legacy_programs.ts";
import { memoryCases, memoryOfPortCases } from "./areas/memory.ts";
import { monitorCases, monitorErrorCases } from "./areas/monitors.ts";
import {
  extmemOptionCases,
  offsetOptionCases,
  optionCases,
  registerOptionCases,
} from "./areas/options.ts";
import { persistentCases } from "./areas/persistent.ts";
import { pipeCases, pipeDataCases } from "./areas/pipes.ts";
import { pollCases, pollOfPipeCases, waitCases } from "./areas/poll.ts";
import { portHeaderCases } from "./areas/port_header.ts";
import { rawCases } from "./areas/raw.ts";
import { registrationCases, registrationOfPortCases } from "./areas/registration.ts";
import { ringLayoutCases, ringPointerCases } from "./areas/rings.ts";
import {
  attachCases,
  attachInterfaceCases,
  listCases,
  pollingCases,
} from "./areas/switch_control.ts";
import { syncCases, syncOfPipeCases } from "./areas/sync.ts";
import { syncLoopCases } from "./areas/sync_loop.ts";
import { valeCases, valeDataCases } from "./areas/vale.ts";
import type { ConformanceCase } from "./case.ts";

/** The suite. */
export const CONFORMANCE_CASES: readonly ConformanceCase[] = [
  ...registrationCases,
  ...registrationOfPortCases,
  ...interfaceCases,
  ...hostRingCases,
  ...ringLayoutCases,
  ...ringPointerCases,
  ...syncCases,
  ...syncOfPipeCases,
  ...pollCases,
  ...pollOfPipeCases,
  ...waitCases,
  ...pipeCases,
  ...pipeDataCases,
  ...valeCases,
  ...valeDataCases,
  ...persistentCases,
  ...extraBufferCases,
  ...exclusivityCases,
  ...memoryCases,
  ...memoryOfPortCases,
  ...optionCases,
  ...registerOptionCases,
  ...offsetOptionCases,
  ...extmemOptionCases,
  ...rawCases,
  ...portHeaderCases,
  ...listCases,
  ...attachCases,
  ...pollingCases,
  ...attachInterfaceCases,
  ...legacyCases,
  ...legacyRegistrationCases,
  ...legacyPipeCases,
  ...legacyCommandCases,
  ...legacyProgramCases,
  ...syncLoopCases,
  ...csbCases,
  ...monitorCases,
  ...monitorErrorCases,
  ...errnoBasicCases,
  ...errnoRegisterCases,
  ...errnoPipeCases,
  ...errnoHostRingCases,
  ...errnoSwitchCases,
  ...errnoPersistentCases,
  ...errnoPollingCases,
];
