import type { Remote } from '../remote/remote';

/** Opens both remotes of a mirror at the same time; they are closed at the same time, too. */
export async function openEnds(openSource: () => Promise<Remote>, openDestination: () => Promise<Remote>) {
  const opening = [openSource(), openDestination()] as const;
  async function close(): Promise<void> {
    const ends = await Promise.allSettled(opening);
    await Promise.all(ends.map((end) => end.status === 'fulfilled' && end.value[Symbol.asyncDispose]()));
  }
  try {
    const [source, destination] = await Promise.all(opening);
    return { source, destination, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
