/** Where the profiles go. Not STARLING_…: those are settings, and an unknown one is refused. */
export const PROFILE_FOLDER_VARIABLE = 'LOADTEST_PROFILE_FOLDER';
export const SAMPLING_INTERVAL_US = 500;

/** The file that the process with this id (STARLING_ID) writes. */
export const profileOf = (id: string): string => `${id}.cpuprofile`;
