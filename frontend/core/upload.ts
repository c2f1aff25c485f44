// Uploads a file with the session's token; by an XHR, since only that tells how far an upload is.

import type { Api } from "./api";
import { problemOf } from "./problem";
import type { Attachment } from "./types";

export async function upload(api: Api, file: File, onProgress: (share: number) => void, signal: AbortSignal): Promise<Attachment> {
  for (let triesLeft = 1; ; triesLeft -= 1) {
    await api.demandSession();
    const { token } = api;
    const request = await posted(`${api.base}/attachments`, token ?? "", file, onProgress, signal);
    if (request.status === 201) return request.response as Attachment;
    if (request.status === 401 && token) api.forget(token);
    if (request.status !== 401 || !triesLeft)
      throw problemOf(request.status, request.response, request.getResponseHeader("retry-after"));
  }
}

function posted(
  url: string,
  token: string,
  file: File,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<XMLHttpRequest> {
  const request = new XMLHttpRequest();
  request.open("POST", url);
  request.responseType = "json";
  request.setRequestHeader("authorization", `Bearer ${token}`);
  request.setRequestHeader("content-type", file.type || "application/octet-stream");
  request.setRequestHeader("x-file-name", encodeURIComponent(file.name.replace(/\p{Surrogate}/gu, "")));
  request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(loaded / total));
  signal.addEventListener("abort", () => request.abort());
  return new Promise((resolve) => {
    request.addEventListener("loadend", () => resolve(request));
    request.send(file);
  });
}
