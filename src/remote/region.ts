/** Whether a text has the form of an AWS region. No list: lists refuse the regions that AWS opens after them. */
export function isRegion(text: string): boolean {
  return /^[a-z]{2}(-[a-z]+)+-\d$/.test(text);
}
