/** Whether a content type is text; everything else crosses a gateway as base64, so that no byte is ever changed. */
export const isTextual = (contentType: string | null): boolean =>
  /^(text\/|application\/(json|xml|javascript|problem\+json)|image\/svg)/i.test(contentType ?? '')
