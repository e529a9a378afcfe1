/** The client of sucai: made by `npm run generate` from the contract; change that. */

/** Problem */
export type Problem = {
  message: string
  status_code: number
  code: "INVALID_REQUEST" | "INVALID_JSON" | "INVALID_MULTIPART" | "INVALID_APP_ID" | "FILE_MISSING" | "FILE_EMPTY" | "VIDEO_TITLE_MISSING" | "UNAUTHORIZED" | "FORBIDDEN" | "CALLBACK_REFUSED" | "ROUTE_NOT_FOUND" | "ACCOUNT_NOT_FOUND" | "UPLOAD_NOT_FOUND" | "MEDIA_NOT_FOUND" | "KEY_NOT_FOUND" | "METHOD_NOT_ALLOWED" | "UPLOAD_STATE_CONFLICT" | "OBJECT_MISSING" | "OBJECT_CHANGED" | "LIBRARY_FULL" | "LAST_ADMIN_KEY" | "SAME_BYTES_UPLOADING" | "WRITE_CONFLICT" | "IDEMPOTENCY_KEY_RUNNING" | "PRECONDITION_FAILED" | "FILE_TOO_LARGE" | "BODY_TOO_LARGE" | "UNSUPPORTED_CONTENT_TYPE" | "FILE_TYPE_NOT_ALLOWED" | "FILE_CONTENT_MISMATCH" | "WECHAT_REFUSED" | "IDEMPOTENCY_KEY_REUSED" | "ACCOUNT_MISCONFIGURED" | "NOT_FOR_MINI_PROGRAM" | "WECHAT_QUOTA" | "INTERNAL" | "SECRET_UNREADABLE" | "WECHAT_BAD_ANSWER" | "STORE_UNAVAILABLE" | "WECHAT_UNREACHABLE" | "WECHAT_BUSY" | "OUT_OF_TIME" | "WECHAT_UNCLEAR"
  request_id: string
  details: Record<string, unknown>
  /** what WeChat answered */
  wechat?: {
    errcode: number
    errmsg: string
    rid?: string
  }
}

/** What docs takes. */
export type DocsInput = Record<string, unknown>

/** What docs answers. */
export type DocsAnswer = string

/** What healthz takes. */
export type HealthzInput = Record<string, unknown>

/** What healthz answers. */
export type HealthzAnswer = {
  status: "ok"
}

/** What openapi takes. */
export type OpenapiInput = Record<string, unknown>

/** What openapi answers. */
export type OpenapiAnswer = {
  openapi: string
  info: {
    title: string
  }
}

/** What listAccounts takes. */
export type ListAccountsInput = {
  limit?: number
  cursor?: string
}

/** What listAccounts answers. */
export type ListAccountsAnswer = {
  data: ({
    app_id: string
    name: string
    kind: "official" | "mini_program"
    articles: "draft" | "news"
    limits: "2015" | "2017" | "current"
    credential: "stable_token" | "token" | "authorizer" | "cloudbase" | "cloudcall"
    /** first 8 hex digits of the secret’s SHA-256 */
    secret_fingerprint?: string
    /** whether message push is set up */
    callback: boolean
    library_limits?: {
      image_and_news?: number
      voice?: number
      video?: number
    }
    archive?: {
      /** days after WeChat got the media */
      retention_days?: number
      /** S3 storage class of new copies */
      storage_class?: "STANDARD" | "STANDARD_IA" | "ONEZONE_IA" | "INTELLIGENT_TIERING" | "GLACIER_IR"
    }
    /** seconds since the epoch */
    updated_at?: number
    state: "OK" | "DEGRADED"
    /** what the operator must do */
    reason?: string
  })[]
  next_cursor: string | null
}

/** What deleteAccount takes. */
export type DeleteAccountInput = {
  appId: string
}

/** What deleteAccount answers. */
export type DeleteAccountAnswer = {
  data: {
    message: "ok"
    messages: "ok"
    status_code: 200
    warnings?: string[]
  }
}

/** What getAccount takes. */
export type GetAccountInput = {
  appId: string
  /** false asks nothing of WeChat, for those who look often */
  counts?: "true" | "false"
}

/** What getAccount answers. */
export type GetAccountAnswer = {
  data: {
    app_id: string
    name: string
    kind: "official" | "mini_program"
    articles: "draft" | "news"
    limits: "2015" | "2017" | "current"
    credential: "stable_token" | "token" | "authorizer" | "cloudbase" | "cloudcall"
    /** first 8 hex digits of the secret’s SHA-256 */
    secret_fingerprint?: string
    /** whether message push is set up */
    callback: boolean
    library_limits?: {
      image_and_news?: number
      voice?: number
      video?: number
    }
    archive?: {
      /** days after WeChat got the media */
      retention_days?: number
      /** S3 storage class of new copies */
      storage_class?: "STANDARD" | "STANDARD_IA" | "ONEZONE_IA" | "INTELLIGENT_TIERING" | "GLACIER_IR"
    }
    /** seconds since the epoch */
    updated_at?: number
    health: {
      state: "OK" | "DEGRADED"
      /** what the operator must do */
      reason?: string
      /** null: there is none */
      token: {
        /** seconds since the epoch */
        issued_at: number
        /** seconds since the epoch */
        expires_at: number
      } | null
      last_error: {
        code: string
        message: string
        remedy?: string
        /** for 40164: the address to add to the IP whitelist */
        ip?: string
        endpoint?: string
        wechat?: {
          errcode: number
          errmsg: string
          rid?: string
        }
        /** seconds since the epoch */
        at: number
        /** when it is tried again */
        retry_at?: number
      } | null
      /** calls whose quota is used up */
      parked: {
        endpoint: string
        /** seconds since the epoch */
        until: number
        wechat?: {
          errcode: number
          errmsg: string
          rid?: string
        }
      }[]
    }
    library: {
      /** null: not asked for, or WeChat did not say */
      counts: {
        image_count: number
        news_count: number
        voice_count: number
        video_count: number
      } | null
      limits: {
        image_and_news: number
        voice: number
        video: number
      }
    } | null
    temporary_media: {
      /** WeChat drops them within 24 hours */
      expiring: number
      /** of these, without a copy: they will be lost */
      uncopied: number
      /** there are more than were counted */
      more: boolean
    }
  }
}

/** What putAccount takes. */
export type PutAccountInput = {
  appId: string
  body: {
    /** the AppSecret; needed for a new account, never shown again */
    secret?: string
    name?: string
    kind?: "official" | "mini_program"
    /** draft: the draft box; news: the calls of 2015 */
    articles?: "draft" | "news"
    /** which year’s limits of WeChat are held to */
    limits?: "2015" | "2017" | "current"
    /** token: the classic call, where each new token ends the one before; cloudbase: WeChat Cloud’s own token; cloudcall: its cloud calls */
    credential?: "stable_token" | "token" | "cloudbase" | "cloudcall"
    /** of the permanent library, where the account has others than its set; null removes them */
    library_limits?: {
      image_and_news?: number
      voice?: number
      video?: number
    } | null
    /** of copies of temporary media; null removes it */
    archive?: {
      /** days after WeChat got the media */
      retention_days?: number
      /** S3 storage class of new copies */
      storage_class?: "STANDARD" | "STANDARD_IA" | "ONEZONE_IA" | "INTELLIGENT_TIERING" | "GLACIER_IR"
    } | null
    /** of the message push (消息推送), replaced whole, never shown again; null removes it */
    callback?: {
      token: string
      aes_key: string
      /** still taken while WeChat changes over to aes_key */
      previous_aes_key?: string
      /** the least that is taken, safe when absent: what is safer is always taken */
      mode?: "safe" | "compatible" | "plain"
      /** who else gets each push, as it came */
      forward_url?: string
      /** signs what goes to forward_url; none, no signature */
      forward_secret?: string
    } | null
  }
}

/** What putAccount answers. */
export type PutAccountAnswer = {
  data: {
    app_id: string
    name: string
    kind: "official" | "mini_program"
    articles: "draft" | "news"
    limits: "2015" | "2017" | "current"
    credential: "stable_token" | "token" | "authorizer" | "cloudbase" | "cloudcall"
    /** first 8 hex digits of the secret’s SHA-256 */
    secret_fingerprint?: string
    /** whether message push is set up */
    callback: boolean
    library_limits?: {
      image_and_news?: number
      voice?: number
      video?: number
    }
    archive?: {
      /** days after WeChat got the media */
      retention_days?: number
      /** S3 storage class of new copies */
      storage_class?: "STANDARD" | "STANDARD_IA" | "ONEZONE_IA" | "INTELLIGENT_TIERING" | "GLACIER_IR"
    }
    /** seconds since the epoch */
    updated_at?: number
  }
}

/** What refreshAccountToken takes. */
export type RefreshAccountTokenInput = {
  appId: string
}

/** What refreshAccountToken answers. */
export type RefreshAccountTokenAnswer = {
  data: {
    /** seconds since the epoch */
    issued_at: number
    /** seconds since the epoch */
    expires_at: number
    /** false: WeChat gave the same token again */
    changed: boolean
  }
}

/** What verifyCallback takes. */
export type VerifyCallbackInput = {
  appId: string
  signature: string
  timestamp: string
  nonce: string
  echostr: string
}

/** What verifyCallback answers. */
export type VerifyCallbackAnswer = string

/** What receiveMessage takes. */
export type ReceiveMessageInput = {
  appId: string
  signature?: string
  timestamp: string
  nonce: string
  encrypt_type?: string
  msg_signature?: string
  /** the message, or ToUserName and Encrypt (消息加解密) */
  body: Record<string, unknown>
}

/** What receiveMessage answers. */
export type ReceiveMessageAnswer = string

/** What listKeys takes. */
export type ListKeysInput = {
  limit?: number
  cursor?: string
}

/** What listKeys answers. */
export type ListKeysAnswer = {
  data: ({
    key_id: string
    /** each includes those before it */
    role: "read" | "write" | "admin"
    app_ids: "*" | string[]
    name?: string
    /** seconds since the epoch */
    created_at: number
    /** seconds since the epoch */
    expires_at?: number
    /** key_id */
    replaced_by?: string
    /** under way; if it stays, it broke off: delete the key */
    pending?: "creation" | "deletion"
  })[]
  next_cursor: string | null
}

/** What createKey takes. */
export type CreateKeyInput = {
  body: {
    /** each includes those before it */
    role: "read" | "write" | "admin"
    /** "*": all accounts, also future ones */
    app_ids: "*" | string[]
    name?: string
    /** seconds since the epoch, in the future; absent: never */
    expires_at?: number
    /** a key that ends when the overlap is over */
    replaces?: string
    /** seconds that the replaced key stays valid */
    overlap?: number
  }
}

/** What createKey answers. */
export type CreateKeyAnswer = {
  data: {
    key_id: string
    /** each includes those before it */
    role: "read" | "write" | "admin"
    app_ids: "*" | string[]
    name?: string
    /** seconds since the epoch */
    created_at: number
    /** seconds since the epoch */
    expires_at?: number
    /** key_id */
    replaced_by?: string
    /** under way; if it stays, it broke off: delete the key */
    pending?: "creation" | "deletion"
    key: string
  }
}

/** What deleteKey takes. */
export type DeleteKeyInput = {
  keyId: string
}

/** What deleteKey answers. */
export type DeleteKeyAnswer = {
  data: {
    message: "ok"
    messages: "ok"
    status_code: 200
    warnings?: string[]
  }
}

/** What createArticle takes. */
export type CreateArticleInput = {
  /** the account */
  app_id?: string
  body: {
    title: string
    /** a permanent image or thumb of the same account */
    thumb_media_id: string
    /** HTML; images only from POST /wechat/material/article/image */
    content: string
    author?: string
    /** of a single article; WeChat takes the beginning of the text when empty */
    digest?: string
    content_source_url?: string
    show_cover_pic?: boolean | 0 | 1
    need_open_comment?: boolean | 0 | 1
    only_fans_can_comment?: boolean | 0 | 1
  } | {
    articles: ({
      title: string
      /** a permanent image or thumb of the same account */
      thumb_media_id: string
      /** HTML; images only from POST /wechat/material/article/image */
      content: string
      author?: string
      /** of a single article; WeChat takes the beginning of the text when empty */
      digest?: string
      content_source_url?: string
      show_cover_pic?: boolean | 0 | 1
      need_open_comment?: boolean | 0 | 1
      only_fans_can_comment?: boolean | 0 | 1
    })[]
  }
}

/** What createArticle answers. */
export type CreateArticleAnswer = {
  data: {
    type: "news"
    app_id: string
    media_id: string
    warnings?: string[]
  }
}

/** What uploadArticleImage takes. */
export type UploadArticleImageInput = {
  /** the account */
  app_id?: string
  file_field?: string
  /** true: upload it although the library has the same bytes */
  force?: "true" | "false"
  form: {
    file_field?: string
    /** true: upload it although the library has the same bytes */
    force?: "true" | "false"
    /** the file; its field may have any name, see file_field */
    file: Blob
  }
}

/** What uploadArticleImage answers. */
export type UploadArticleImageAnswer = {
  data: {
    url: string
    warnings?: string[]
  }
}

/** What updateArticle takes. */
export type UpdateArticleInput = {
  mediaId: string
  /** the account */
  app_id?: string
  body: {
    article: {
      title: string
      /** a permanent image or thumb of the same account */
      thumb_media_id: string
      /** HTML; images only from POST /wechat/material/article/image */
      content: string
      author?: string
      /** of a single article; WeChat takes the beginning of the text when empty */
      digest?: string
      content_source_url?: string
      show_cover_pic?: boolean | 0 | 1
      need_open_comment?: boolean | 0 | 1
      only_fans_can_comment?: boolean | 0 | 1
    } | [{
      title: string
      /** a permanent image or thumb of the same account */
      thumb_media_id: string
      /** HTML; images only from POST /wechat/material/article/image */
      content: string
      author?: string
      /** of a single article; WeChat takes the beginning of the text when empty */
      digest?: string
      content_source_url?: string
      show_cover_pic?: boolean | 0 | 1
      need_open_comment?: boolean | 0 | 1
      only_fans_can_comment?: boolean | 0 | 1
    }]
    index?: number
  }
}

/** What updateArticle answers. */
export type UpdateArticleAnswer = {
  data: {
    message: "ok"
    messages: "ok"
    status_code: 200
    warnings?: string[]
  }
}

/** What getMaterialStats takes. */
export type GetMaterialStatsInput = {
  /** the account */
  app_id?: string
  /** news material of before the draft box, which WeChat only lets read */
  source?: "news"
}

/** What getMaterialStats answers. */
export type GetMaterialStatsAnswer = {
  data: {
    voice_count: number
    video_count: number
    image_count: number
    news_count: number
  }
}

/** What deleteMaterial takes. */
export type DeleteMaterialInput = {
  mediaId: string
  /** the account */
  app_id?: string
  /** what the id is of; found out where it is not given */
  kind?: "material" | "draft"
  /** news material of before the draft box, which WeChat only lets read */
  source?: "news"
}

/** What deleteMaterial answers. */
export type DeleteMaterialAnswer = {
  data: {
    message: "ok"
    messages: "ok"
    status_code: 200
    warnings?: string[]
  }
}

/** What getMaterial takes. */
export type GetMaterialInput = {
  mediaId: string
  /** the account */
  app_id?: string
  /** what the id is of; found out where it is not given */
  kind?: "material" | "draft"
  /** news material of before the draft box, which WeChat only lets read */
  source?: "news"
  /** 1: answer 302 to the file */
  redirect?: "0" | "1"
}

/** What getMaterial answers. */
export type GetMaterialAnswer = {
  news_item: {
    title: string
    thumb_media_id: string
    show_cover_pic: number
    author: string
    digest: string
    content: string
    url: string
    content_source_url: string
  }[]
  create_time?: number
  update_time?: number
} | {
  /** absent for bytes of no known format */
  type?: "image" | "voice" | "video" | "thumb"
  title: string
  description: string
  down_url: string
  content_type: string
  /** bytes */
  size: number
  /** end of the URL, seconds since the epoch */
  expires_at: number
}

/** What getTemporaryMedia takes. */
export type GetTemporaryMediaInput = {
  mediaId: string
  /** the account */
  app_id?: string
  /** 1: answer 302 to the file */
  redirect?: "0" | "1"
}

/** What getTemporaryMedia answers. */
export type GetTemporaryMediaAnswer = {
  video_url: string
  content_type: string
  /** bytes */
  size: number
  /** end of the URL, seconds since the epoch */
  expires_at: number
} | {
  down_url: string
  content_type: string
  /** bytes */
  size: number
  /** end of the URL, seconds since the epoch */
  expires_at: number
}

/** What listMaterials takes. */
export type ListMaterialsInput = {
  /** the account */
  app_id?: string
  type: "image" | "voice" | "video" | "news"
  page?: number
  limit?: number
  /** news material of before the draft box, which WeChat only lets read */
  source?: "news"
}

/** What listMaterials answers. */
export type ListMaterialsAnswer = {
  total_count: number
  item_count: number
  item: ({
    media_id: string
    content: {
      news_item: {
        title: string
        thumb_media_id: string
        show_cover_pic: number
        author: string
        digest: string
        content: string
        url: string
        content_source_url: string
      }[]
      create_time?: number
      update_time?: number
    }
    /** seconds since the epoch */
    update_time: number
  } | {
    media_id: string
    name: string
    /** seconds since the epoch */
    update_time: number
    /** "" for voice and video */
    url: string
  })[]
}

/** What listTemporaryMedia takes. */
export type ListTemporaryMediaInput = {
  /** the account */
  app_id?: string
  source?: "upload" | "fan" | "tracked"
  state?: "PENDING" | "MIRRORED" | "LOST" | "ERASED"
  limit?: number
  cursor?: string
}

/** What listTemporaryMedia answers. */
export type ListTemporaryMediaAnswer = {
  data: ({
    media_id: string
    /** absent until somebody says it or its bytes are there */
    type?: "image" | "voice" | "video" | "thumb"
    source: "upload" | "fan" | "tracked"
    state: "PENDING" | "MIRRORED" | "LOST" | "ERASED"
    /** seconds since the epoch */
    created_at: number
    /** when WeChat drops it, seconds since the epoch */
    expires_at: number
    /** false: created_at is when the service first heard of it; it may expire earlier */
    age_known: boolean
    content_type?: string
    /** bytes */
    size?: number
    sha256?: string
    /** of the copy; lives 15 minutes */
    down_url?: string
    /** why the last copy failed */
    error?: {
      code: string
      message: string
      wechat?: {
        errcode: number
        errmsg: string
        rid?: string
      }
    }
  })[]
  next_cursor: string | null
}

/** What uploadTemporaryMedia takes. */
export type UploadTemporaryMediaInput = {
  /** the account */
  app_id?: string
  file_field?: string
  type?: "image" | "voice" | "video" | "thumb"
  form: {
    file_field?: string
    type?: "image" | "voice" | "video" | "thumb"
    /** the file; its field may have any name, see file_field */
    file: Blob
  }
}

/** What uploadTemporaryMedia answers. */
export type UploadTemporaryMediaAnswer = {
  data: {
    type: "image" | "voice" | "video" | "thumb"
    media_id: string
    /** seconds since the epoch */
    created_at: number
    warnings?: string[]
  }
}

/** What eraseFanMedia takes. */
export type EraseFanMediaInput = {
  /** the account */
  app_id?: string
  body: {
    openid: string
  }
}

/** What eraseFanMedia answers. */
export type EraseFanMediaAnswer = {
  data: {
    erased: number
  }
}

/** What trackTemporaryMedia takes. */
export type TrackTemporaryMediaInput = {
  /** the account */
  app_id?: string
  body: {
    media_id: string
    type?: "image" | "voice" | "video" | "thumb"
    /** when WeChat got it, seconds since the epoch; say it when it is known */
    created_at?: number
    /** a voice of the JS-SDK: its better form is kept (media/get/jssdk) */
    hd?: boolean
  }
}

/** What trackTemporaryMedia answers. */
export type TrackTemporaryMediaAnswer = {
  data: {
    media_id: string
    /** absent until somebody says it or its bytes are there */
    type?: "image" | "voice" | "video" | "thumb"
    source: "upload" | "fan" | "tracked"
    state: "PENDING" | "MIRRORED" | "LOST" | "ERASED"
    /** seconds since the epoch */
    created_at: number
    /** when WeChat drops it, seconds since the epoch */
    expires_at: number
    /** false: created_at is when the service first heard of it; it may expire earlier */
    age_known: boolean
    content_type?: string
    /** bytes */
    size?: number
    sha256?: string
    /** of the copy; lives 15 minutes */
    down_url?: string
    /** why the last copy failed */
    error?: {
      code: string
      message: string
      wechat?: {
        errcode: number
        errmsg: string
        rid?: string
      }
    }
  }
}

/** What renewTemporaryMedia takes. */
export type RenewTemporaryMediaInput = {
  mediaId: string
  /** the account */
  app_id?: string
}

/** What renewTemporaryMedia answers. */
export type RenewTemporaryMediaAnswer = {
  data: {
    media_id: string
    type: "image" | "voice" | "video" | "thumb"
    /** seconds since the epoch */
    created_at: number
    /** seconds since the epoch */
    expires_at: number
    /** false: the same media_id still has more than 12 hours, and WeChat knows it */
    renewed: boolean
  }
}

/** What listUploads takes. */
export type ListUploadsInput = {
  /** the account */
  app_id?: string
  state?: "CREATED" | "UPLOADED" | "SENDING" | "STORED" | "REJECTED" | "UNKNOWN" | "PARKED" | "EXPIRED"
  limit?: number
  cursor?: string
}

/** What listUploads answers. */
export type ListUploadsAnswer = {
  data: ({
    upload_id: string
    state: "CREATED" | "UPLOADED" | "SENDING" | "STORED" | "REJECTED" | "UNKNOWN" | "PARKED" | "EXPIRED"
    type: "image" | "voice" | "video" | "thumb"
    permanent: boolean
    filename: string
    /** bytes */
    size: number
    media_id?: string
    url?: string
    /** the media_id is that of an earlier upload of the same bytes */
    reused?: true
    /** end of a temporary media_id, seconds since the epoch */
    media_expires_at?: number
    error?: {
      code: string
      message: string
      wechat?: {
        errcode: number
        errmsg: string
        rid?: string
      }
    }
    attempts: number
    parked_until?: number
    created_at: number
    updated_at: number
  })[]
  next_cursor: string | null
}

/** What createUpload takes. */
export type CreateUploadInput = {
  /** the account */
  app_id?: string
  body: {
    type: "image" | "voice" | "video" | "thumb"
    filename: string
    /** bytes, exactly */
    size: number
    content_type?: string
    sha256?: string
    permanent?: boolean
    title?: string
    introduction?: string
    /** true: upload it although WeChat has the same bytes of this account */
    force?: boolean
  }
}

/** What createUpload answers. */
export type CreateUploadAnswer = {
  data: {
    upload_id: string
    state: "CREATED" | "UPLOADED" | "SENDING" | "STORED" | "REJECTED" | "UNKNOWN" | "PARKED" | "EXPIRED"
    method: "POST" | "PUT"
    url: string
    /** form fields, to be sent before the file */
    fields?: Record<string, string>
    headers?: Record<string, string>
    /** seconds since the epoch */
    expires_at: number
    warnings?: string[]
  } | {
    upload_id: string
    state: "CREATED" | "UPLOADED" | "SENDING" | "STORED" | "REJECTED" | "UNKNOWN" | "PARKED" | "EXPIRED"
    type: "image" | "voice" | "video" | "thumb"
    permanent: boolean
    filename: string
    /** bytes */
    size: number
    media_id?: string
    url?: string
    /** the media_id is that of an earlier upload of the same bytes */
    reused?: true
    /** end of a temporary media_id, seconds since the epoch */
    media_expires_at?: number
    error?: {
      code: string
      message: string
      wechat?: {
        errcode: number
        errmsg: string
        rid?: string
      }
    }
    attempts: number
    parked_until?: number
    created_at: number
    updated_at: number
  }
}

/** What getUpload takes. */
export type GetUploadInput = {
  uploadId: string
  /** the account */
  app_id?: string
  wait?: number
}

/** What getUpload answers. */
export type GetUploadAnswer = {
  data: {
    upload_id: string
    state: "CREATED" | "UPLOADED" | "SENDING" | "STORED" | "REJECTED" | "UNKNOWN" | "PARKED" | "EXPIRED"
    type: "image" | "voice" | "video" | "thumb"
    permanent: boolean
    filename: string
    /** bytes */
    size: number
    media_id?: string
    url?: string
    /** the media_id is that of an earlier upload of the same bytes */
    reused?: true
    /** end of a temporary media_id, seconds since the epoch */
    media_expires_at?: number
    error?: {
      code: string
      message: string
      wechat?: {
        errcode: number
        errmsg: string
        rid?: string
      }
    }
    attempts: number
    parked_until?: number
    created_at: number
    updated_at: number
  }
}

/** What completeUpload takes. */
export type CompleteUploadInput = {
  uploadId: string
  /** the account */
  app_id?: string
}

/** What completeUpload answers. */
export type CompleteUploadAnswer = {
  data: {
    upload_id: string
    state: "CREATED" | "UPLOADED" | "SENDING" | "STORED" | "REJECTED" | "UNKNOWN" | "PARKED" | "EXPIRED"
    type: "image" | "voice" | "video" | "thumb"
    permanent: boolean
    filename: string
    /** bytes */
    size: number
    media_id?: string
    url?: string
    /** the media_id is that of an earlier upload of the same bytes */
    reused?: true
    /** end of a temporary media_id, seconds since the epoch */
    media_expires_at?: number
    error?: {
      code: string
      message: string
      wechat?: {
        errcode: number
        errmsg: string
        rid?: string
      }
    }
    attempts: number
    parked_until?: number
    created_at: number
    updated_at: number
  }
}

/** What retryUpload takes. */
export type RetryUploadInput = {
  uploadId: string
  /** the account */
  app_id?: string
}

/** What retryUpload answers. */
export type RetryUploadAnswer = {
  data: {
    upload_id: string
    state: "CREATED" | "UPLOADED" | "SENDING" | "STORED" | "REJECTED" | "UNKNOWN" | "PARKED" | "EXPIRED"
    type: "image" | "voice" | "video" | "thumb"
    permanent: boolean
    filename: string
    /** bytes */
    size: number
    media_id?: string
    url?: string
    /** the media_id is that of an earlier upload of the same bytes */
    reused?: true
    /** end of a temporary media_id, seconds since the epoch */
    media_expires_at?: number
    error?: {
      code: string
      message: string
      wechat?: {
        errcode: number
        errmsg: string
        rid?: string
      }
    }
    attempts: number
    parked_until?: number
    created_at: number
    updated_at: number
  }
}

/** What renewUploadUrl takes. */
export type RenewUploadUrlInput = {
  uploadId: string
  /** the account */
  app_id?: string
}

/** What renewUploadUrl answers. */
export type RenewUploadUrlAnswer = {
  data: {
    upload_id: string
    state: "CREATED" | "UPLOADED" | "SENDING" | "STORED" | "REJECTED" | "UNKNOWN" | "PARKED" | "EXPIRED"
    method: "POST" | "PUT"
    url: string
    /** form fields, to be sent before the file */
    fields?: Record<string, string>
    headers?: Record<string, string>
    /** seconds since the epoch */
    expires_at: number
    warnings?: string[]
  }
}

/** What uploadMaterial takes. */
export type UploadMaterialInput = {
  type: "image" | "voice" | "video" | "thumb"
  /** the account */
  app_id?: string
  file_field?: string
  /** true: upload it although the library has the same bytes */
  force?: "true" | "false"
  form: {
    file_field?: string
    title?: string
    introduction?: string
    /** the file; its field may have any name, see file_field */
    file: Blob
  }
}

/** What uploadMaterial answers. */
export type UploadMaterialAnswer = {
  data: {
    media_id: string
    /** "" for voice and video */
    url: string
    upload_id: string
    /** the library had the same bytes; this is their media_id */
    reused?: true
    warnings?: string[]
  }
}

/** Where and as whom the client calls. */
export interface ClientOptions {
  /** Of the service, without a path: https://api.example.com */
  baseUrl: string
  apiKey?: string
  /** The account that calls are about, where a call names no other one. */
  appId?: string
  fetch?: typeof globalThis.fetch
}

/** What every call takes beside its own input. */
export interface CallOptions {
  signal?: AbortSignal
  requestId?: string
  /** Makes it safe to send a POST again. */
  idempotencyKey?: string
  /** An ETag: change only what is still the same. */
  ifMatch?: string
}

/** A failure that the service answered. */
export class ServiceError extends Error {
  readonly problem: Problem
  readonly status: number
  /** seconds to wait before asking again, when the service says so */
  readonly retryAfter: number | undefined

  constructor(problem: Problem, response: Response) {
    super(problem.message)
    this.name = 'ServiceError'
    this.problem = problem
    this.status = response.status
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
    this.retryAfter = Number.isNaN(seconds) ? undefined : seconds
  }
}

interface Route {
  method: string
  path: string
  query: readonly string[]
  body?: 'json' | 'form'
}

async function send(options: ClientOptions, route: Route, given: object, call: CallOptions): Promise<Response> {
  const input: Record<string, unknown> = { app_id: options.appId, ...given }
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(input[name])))
  const url = new URL(path, options.baseUrl)
  for (const name of route.query) {
    const value = input[name]
    if (value !== undefined) url.searchParams.set(name, String(value))
  }
  const headers = new Headers()
  if (options.apiKey !== undefined) headers.set('authorization', `Bearer ${options.apiKey}`)
  if (call.requestId !== undefined) headers.set('x-request-id', call.requestId)
  if (call.idempotencyKey !== undefined) headers.set('idempotency-key', call.idempotencyKey)
  if (call.ifMatch !== undefined) headers.set('if-match', call.ifMatch)
  if (route.body === 'json') headers.set('content-type', 'application/json')
  const body = route.body === 'json' ? JSON.stringify(input['body']) : route.body && formOf(input['form'])
  const response = await (options.fetch ?? globalThis.fetch)(url, {
    method: route.method,
    headers,
    ...(body !== undefined && { body }),
    ...(call.signal && { signal: call.signal }),
  })
  if (response.ok) return response
  throw new ServiceError((await response.json()) as Problem, response)
}

function formOf(fields: unknown): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields ?? {})) {
    if (value instanceof Blob) form.append(name, value)
    else if (value !== undefined) form.append(name, String(value))
  }
  return form
}

/** The client: one function for each operation. Each throws `ServiceError` for a failure. */
export function sucaiClient(options: ClientOptions) {
  return {
    /** The contract as a page. `GET /docs` */
    async docs(input: DocsInput = {}, call: CallOptions = {}): Promise<DocsAnswer> {
      const route: Route = { method: 'GET', path: '/docs', query: [] }
      const response = await send(options, route, input, call)
      return (await response.text()) as DocsAnswer
    },
    /** Health of the service. `GET /healthz` */
    async healthz(input: HealthzInput = {}, call: CallOptions = {}): Promise<HealthzAnswer> {
      const route: Route = { method: 'GET', path: '/healthz', query: [] }
      const response = await send(options, route, input, call)
      return (await response.json()) as HealthzAnswer
    },
    /** This contract. `GET /openapi.json` */
    async openapi(input: OpenapiInput = {}, call: CallOptions = {}): Promise<OpenapiAnswer> {
      const route: Route = { method: 'GET', path: '/openapi.json', query: [] }
      const response = await send(options, route, input, call)
      return (await response.json()) as OpenapiAnswer
    },
    /** Accounts and whether they work. `GET /wechat/accounts` */
    async listAccounts(input: ListAccountsInput = {}, call: CallOptions = {}): Promise<ListAccountsAnswer> {
      const route: Route = { method: 'GET', path: '/wechat/accounts', query: ['limit', 'cursor'] }
      const response = await send(options, route, input, call)
      return (await response.json()) as ListAccountsAnswer
    },
    /** Remove an account. `DELETE /wechat/accounts/{appId}` */
    async deleteAccount(input: DeleteAccountInput, call: CallOptions = {}): Promise<DeleteAccountAnswer> {
      const route: Route = { method: 'DELETE', path: '/wechat/accounts/{appId}', query: [] }
      const response = await send(options, route, input, call)
      return (await response.json()) as DeleteAccountAnswer
    },
    /** An account and its health. `GET /wechat/accounts/{appId}` */
    async getAccount(input: GetAccountInput, call: CallOptions = {}): Promise<GetAccountAnswer> {
      const route: Route = { method: 'GET', path: '/wechat/accounts/{appId}', query: ['counts'] }
      const response = await send(options, route, input, call)
      return (await response.json()) as GetAccountAnswer
    },
    /** Add or change an account. `PUT /wechat/accounts/{appId}` */
    async putAccount(input: PutAccountInput, call: CallOptions = {}): Promise<PutAccountAnswer> {
      const route: Route = { method: 'PUT', path: '/wechat/accounts/{appId}', query: [], body: 'json' }
      const response = await send(options, route, input, call)
      return (await response.json()) as PutAccountAnswer
    },
    /** Force a new access_token. `POST /wechat/accounts/{appId}/token/refresh` */
    async refreshAccountToken(input: RefreshAccountTokenInput, call: CallOptions = {}): Promise<RefreshAccountTokenAnswer> {
      const route: Route = { method: 'POST', path: '/wechat/accounts/{appId}/token/refresh', query: [] }
      const response = await send(options, route, input, call)
      return (await response.json()) as RefreshAccountTokenAnswer
    },
    /** WeChat’s check of the callback address. `GET /wechat/callback/{appId}` */
    async verifyCallback(input: VerifyCallbackInput, call: CallOptions = {}): Promise<VerifyCallbackAnswer> {
      const route: Route = { method: 'GET', path: '/wechat/callback/{appId}', query: ['signature', 'timestamp', 'nonce', 'echostr'] }
      const response = await send(options, route, input, call)
      return (await response.text()) as VerifyCallbackAnswer
    },
    /** WeChat’s message push. `POST /wechat/callback/{appId}` */
    async receiveMessage(input: ReceiveMessageInput, call: CallOptions = {}): Promise<ReceiveMessageAnswer> {
      const route: Route = { method: 'POST', path: '/wechat/callback/{appId}', query: ['signature', 'timestamp', 'nonce', 'encrypt_type', 'msg_signature'], body: 'json' }
      const response = await send(options, route, input, call)
      return (await response.text()) as ReceiveMessageAnswer
    },
    /** API keys, without the keys themselves. `GET /wechat/keys` */
    async listKeys(input: ListKeysInput = {}, call: CallOptions = {}): Promise<ListKeysAnswer> {
      const route: Route = { method: 'GET', path: '/wechat/keys', query: ['limit', 'cursor'] }
      const response = await send(options, route, input, call)
      return (await response.json()) as ListKeysAnswer
    },
    /** Make an API key, which is shown this one time. `POST /wechat/keys` */
    async createKey(input: CreateKeyInput, call: CallOptions = {}): Promise<CreateKeyAnswer> {
      const route: Route = { method: 'POST', path: '/wechat/keys', query: [], body: 'json' }
      const response = await send(options, route, input, call)
      return (await response.json()) as CreateKeyAnswer
    },
    /** End an API key. `DELETE /wechat/keys/{keyId}` */
    async deleteKey(input: DeleteKeyInput, call: CallOptions = {}): Promise<DeleteKeyAnswer> {
      const route: Route = { method: 'DELETE', path: '/wechat/keys/{keyId}', query: [] }
      const response = await send(options, route, input, call)
      return (await response.json()) as DeleteKeyAnswer
    },
    /** Create articles. `POST /wechat/material/article` */
    async createArticle(input: CreateArticleInput, call: CallOptions = {}): Promise<CreateArticleAnswer> {
      const route: Route = { method: 'POST', path: '/wechat/material/article', query: ['app_id'], body: 'json' }
      const response = await send(options, route, input, call)
      return (await response.json()) as CreateArticleAnswer
    },
    /** Upload an image for articles. `POST /wechat/material/article/image` */
    async uploadArticleImage(input: UploadArticleImageInput, call: CallOptions = {}): Promise<UploadArticleImageAnswer> {
      const route: Route = { method: 'POST', path: '/wechat/material/article/image', query: ['app_id', 'file_field', 'force'], body: 'form' }
      const response = await send(options, route, input, call)
      return (await response.json()) as UploadArticleImageAnswer
    },
    /** Change an article. `PUT /wechat/material/article/{mediaId}` */
    async updateArticle(input: UpdateArticleInput, call: CallOptions = {}): Promise<UpdateArticleAnswer> {
      const route: Route = { method: 'PUT', path: '/wechat/material/article/{mediaId}', query: ['app_id'], body: 'json' }
      const response = await send(options, route, input, call)
      return (await response.json()) as UpdateArticleAnswer
    },
    /** How much permanent material there is. `GET /wechat/material/stats` */
    async getMaterialStats(input: GetMaterialStatsInput = {}, call: CallOptions = {}): Promise<GetMaterialStatsAnswer> {
      const route: Route = { method: 'GET', path: '/wechat/material/stats', query: ['app_id', 'source'] }
      const response = await send(options, route, input, call)
      return (await response.json()) as GetMaterialStatsAnswer
    },
    /** Delete a permanent material or a draft. `DELETE /wechat/material/{mediaId}` */
    async deleteMaterial(input: DeleteMaterialInput, call: CallOptions = {}): Promise<DeleteMaterialAnswer> {
      const route: Route = { method: 'DELETE', path: '/wechat/material/{mediaId}', query: ['app_id', 'kind', 'source'] }
      const response = await send(options, route, input, call)
      return (await response.json()) as DeleteMaterialAnswer
    },
    /** A permanent material or a draft. `GET /wechat/material/{mediaId}` */
    async getMaterial(input: GetMaterialInput, call: CallOptions = {}): Promise<GetMaterialAnswer> {
      const route: Route = { method: 'GET', path: '/wechat/material/{mediaId}', query: ['app_id', 'kind', 'source', 'redirect'] }
      const response = await send(options, route, input, call)
      return (await response.json()) as GetMaterialAnswer
    },
    /** A temporary media. `GET /wechat/material/{mediaId}/temporary` */
    async getTemporaryMedia(input: GetTemporaryMediaInput, call: CallOptions = {}): Promise<GetTemporaryMediaAnswer> {
      const route: Route = { method: 'GET', path: '/wechat/material/{mediaId}/temporary', query: ['app_id', 'redirect'] }
      const response = await send(options, route, input, call)
      return (await response.json()) as GetTemporaryMediaAnswer
    },
    /** Permanent material of one type, newest first. `GET /wechat/materials` */
    async listMaterials(input: ListMaterialsInput, call: CallOptions = {}): Promise<ListMaterialsAnswer> {
      const route: Route = { method: 'GET', path: '/wechat/materials', query: ['app_id', 'type', 'page', 'limit', 'source'] }
      const response = await send(options, route, input, call)
      return (await response.json()) as ListMaterialsAnswer
    },
    /** Tracked media by source and state, soonest expiry first, then those that expired. `GET /wechat/media/temporary` */
    async listTemporaryMedia(input: ListTemporaryMediaInput = {}, call: CallOptions = {}): Promise<ListTemporaryMediaAnswer> {
      const route: Route = { method: 'GET', path: '/wechat/media/temporary', query: ['app_id', 'source', 'state', 'limit', 'cursor'] }
      const response = await send(options, route, input, call)
      return (await response.json()) as ListTemporaryMediaAnswer
    },
    /** Upload temporary media. `POST /wechat/media/temporary` */
    async uploadTemporaryMedia(input: UploadTemporaryMediaInput, call: CallOptions = {}): Promise<UploadTemporaryMediaAnswer> {
      const route: Route = { method: 'POST', path: '/wechat/media/temporary', query: ['app_id', 'file_field', 'type'], body: 'form' }
      const response = await send(options, route, input, call)
      return (await response.json()) as UploadTemporaryMediaAnswer
    },
    /** Erase what a fan sent, by openid. `POST /wechat/media/temporary/erase` */
    async eraseFanMedia(input: EraseFanMediaInput, call: CallOptions = {}): Promise<EraseFanMediaAnswer> {
      const route: Route = { method: 'POST', path: '/wechat/media/temporary/erase', query: ['app_id'], body: 'json' }
      const response = await send(options, route, input, call)
      return (await response.json()) as EraseFanMediaAnswer
    },
    /** Keep a media that was uploaded elsewhere. `POST /wechat/media/temporary/track` */
    async trackTemporaryMedia(input: TrackTemporaryMediaInput, call: CallOptions = {}): Promise<TrackTemporaryMediaAnswer> {
      const route: Route = { method: 'POST', path: '/wechat/media/temporary/track', query: ['app_id'], body: 'json' }
      const response = await send(options, route, input, call)
      return (await response.json()) as TrackTemporaryMediaAnswer
    },
    /** A valid media_id for the same bytes. `POST /wechat/media/temporary/{mediaId}/renew` */
    async renewTemporaryMedia(input: RenewTemporaryMediaInput, call: CallOptions = {}): Promise<RenewTemporaryMediaAnswer> {
      const route: Route = { method: 'POST', path: '/wechat/media/temporary/{mediaId}/renew', query: ['app_id'] }
      const response = await send(options, route, input, call)
      return (await response.json()) as RenewTemporaryMediaAnswer
    },
    /** Uploads by state, newest first. `GET /wechat/uploads` */
    async listUploads(input: ListUploadsInput = {}, call: CallOptions = {}): Promise<ListUploadsAnswer> {
      const route: Route = { method: 'GET', path: '/wechat/uploads', query: ['app_id', 'state', 'limit', 'cursor'] }
      const response = await send(options, route, input, call)
      return (await response.json()) as ListUploadsAnswer
    },
    /** Open an upload through the object store. `POST /wechat/uploads` */
    async createUpload(input: CreateUploadInput, call: CallOptions = {}): Promise<CreateUploadAnswer> {
      const route: Route = { method: 'POST', path: '/wechat/uploads', query: ['app_id'], body: 'json' }
      const response = await send(options, route, input, call)
      return (await response.json()) as CreateUploadAnswer
    },
    /** The state of an upload. `GET /wechat/uploads/{uploadId}` */
    async getUpload(input: GetUploadInput, call: CallOptions = {}): Promise<GetUploadAnswer> {
      const route: Route = { method: 'GET', path: '/wechat/uploads/{uploadId}', query: ['app_id', 'wait'] }
      const response = await send(options, route, input, call)
      return (await response.json()) as GetUploadAnswer
    },
    /** Tell that the bytes of an upload are in the object store. `POST /wechat/uploads/{uploadId}/complete` */
    async completeUpload(input: CompleteUploadInput, call: CallOptions = {}): Promise<CompleteUploadAnswer> {
      const route: Route = { method: 'POST', path: '/wechat/uploads/{uploadId}/complete', query: ['app_id'] }
      const response = await send(options, route, input, call)
      return (await response.json()) as CompleteUploadAnswer
    },
    /** Try a rejected, parked or unclear upload again. `POST /wechat/uploads/{uploadId}/retry` */
    async retryUpload(input: RetryUploadInput, call: CallOptions = {}): Promise<RetryUploadAnswer> {
      const route: Route = { method: 'POST', path: '/wechat/uploads/{uploadId}/retry', query: ['app_id'] }
      const response = await send(options, route, input, call)
      return (await response.json()) as RetryUploadAnswer
    },
    /** A fresh signed policy for an upload that waits for its bytes. `POST /wechat/uploads/{uploadId}/url` */
    async renewUploadUrl(input: RenewUploadUrlInput, call: CallOptions = {}): Promise<RenewUploadUrlAnswer> {
      const route: Route = { method: 'POST', path: '/wechat/uploads/{uploadId}/url', query: ['app_id'] }
      const response = await send(options, route, input, call)
      return (await response.json()) as RenewUploadUrlAnswer
    },
    /** Upload permanent material. `POST /wechat/{type}/material` */
    async uploadMaterial(input: UploadMaterialInput, call: CallOptions = {}): Promise<UploadMaterialAnswer> {
      const route: Route = { method: 'POST', path: '/wechat/{type}/material', query: ['app_id', 'file_field', 'force'], body: 'form' }
      const response = await send(options, route, input, call)
      return (await response.json()) as UploadMaterialAnswer
    },
  }
}
