interface PageSizes {
  /** Rows a page where the request does not say it. */
  readonly usual: number;
  readonly most: number;
}

/** The page that a request asks for, as GitHub and GitLab count them: from 1, with a Link header. */
export function toPage<T>(all: readonly T[], url: URL, { usual, most }: PageSizes) {
  const perPage = Math.min(Number(url.searchParams.get('per_page') ?? usual), most);
  const page = Number(url.searchParams.get('page') ?? 1);
  const pages = Math.ceil(all.length / perPage);
  return { rows: slicePage(all, page, perPage), page, perPage, pages, links: toLinks(url, page, pages) };
}

/** The rows of a page, counted from 1. */
export function slicePage<T>(rows: readonly T[], page: number, perPage: number): readonly T[] {
  return rows.slice((page - 1) * perPage, page * perPage);
}

/** The Link header of a page counted from 1, as GitHub and GitLab give it. */
function toLinks(url: URL, page: number, pages: number): Readonly<Record<string, string>> {
  const to = (number: number, rel: string) => {
    const target = new URL(url);
    target.searchParams.set('page', String(number));
    return `<${target.href}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [to(page - 1, 'prev')] : []),
    ...(page < pages ? [to(page + 1, 'next'), to(pages, 'last')] : []),
    ...(page > 1 ? [to(1, 'first')] : []),
  ];
  return links.length === 0 ? {} : { Link: links.join(', ') };
}
