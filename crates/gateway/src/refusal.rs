//! Refusals as HTTP answers.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use wire::{Refusal, RefusalCode};

/// The HTTP status that goes with a reason; agents decide by the code in the body.
pub fn status_of(code: RefusalCode) -> StatusCode {
    match code {
        RefusalCode::CodeInvalid | RefusalCode::Revoked => StatusCode::FORBIDDEN,
        RefusalCode::Cloned => StatusCode::CONFLICT,
        RefusalCode::ProtocolTooOld => StatusCode::UPGRADE_REQUIRED,
        RefusalCode::Malformed => StatusCode::BAD_REQUEST,
        RefusalCode::NotFound => StatusCode::NOT_FOUND,
        RefusalCode::Busy => StatusCode::TOO_MANY_REQUESTS,
        RefusalCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A refusal on its way out.
#[derive(Debug)]
pub(crate) struct Refused {
    status: StatusCode,
    refusal: Refusal,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, code: RefusalCode, message: impl Into<String>) -> Self {
        Self {
            status,
            refusal: Refusal {
                code,
                message: message.into(),
            },
        }
    }

    pub(crate) fn of(code: RefusalCode, message: impl Into<String>) -> Self {
        Self::new(status_of(code), code, message)
    }

    pub(crate) fn code(&self) -> RefusalCode {
        self.refusal.code
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self {
            status: status_of(refusal.code),
            refusal,
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let busy = self.refusal.code == RefusalCode::Busy;
        let mut response = (self.status, Json(self.refusal)).into_response();
        if busy {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from_static("10"));
        }
        response
    }
}
