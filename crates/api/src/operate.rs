//! The commands that begin or stop something.

use domain::{operation::OperationKind, plan::Plan};
use secrecy::ExposeSecret;

use crate::{
    App, Code, Error,
    dto::{
        ApprovePlan, MadePastes, MakePastes, MakePlan, Nothing, PasteCommand, Pastes, StartScan,
        Started, WhichOperation,
    },
};

impl App {
    pub(crate) async fn make_plan(&self, request: MakePlan) -> Result<Plan, Error> {
        match request.kind {
            OperationKind::Enrol
            | OperationKind::Update
            | OperationKind::RestartAgent
            | OperationKind::RemoveAgent
            | OperationKind::RestartGuest
            | OperationKind::UpgradeAgent
            | OperationKind::Repair
            | OperationKind::UpdateImages => {}
            OperationKind::Scan => {
                return Err(Error::new(
                    Code::BadInput,
                    "A scan changes nothing and needs no plan",
                ));
            }
        }
        Ok(self
            .engine
            .make_plan(
                request.kind,
                &request.targets,
                request.only,
                engine::PlanOptions {
                    allowed: request.allowed,
                    canary: request.canary,
                    stop_percent: request.stop_percent,
                },
            )
            .await?)
    }

    pub(crate) async fn approve_plan(&self, request: ApprovePlan) -> Result<Started, Error> {
        let operation = self
            .engine
            .approve_plan(request.plan, &request.fingerprint)
            .await?;
        Ok(Started { operation })
    }

    pub(crate) async fn make_pastes(&self, request: MakePastes) -> Result<MadePastes, Error> {
        let (commands, left_out) = self.engine.make_pastes(&request.targets).await?;
        let command = |made: engine::PasteCommand| PasteCommand {
            paste: made.paste,
            text: made.text.expose_secret().to_owned(),
        };
        Ok(MadePastes {
            commands: commands.into_iter().map(command).collect(),
            left_out,
        })
    }

    pub(crate) async fn pastes(&self, _: Nothing) -> Result<Pastes, Error> {
        Ok(Pastes {
            pastes: self.engine.pastes(),
        })
    }

    pub(crate) async fn start_scan(&self, request: StartScan) -> Result<Started, Error> {
        Ok(Started {
            operation: self.engine.start_scan(&request.targets).await?,
        })
    }

    pub(crate) async fn cancel_operation(&self, request: WhichOperation) -> Result<Nothing, Error> {
        self.engine.cancel_operation(request.operation).await?;
        Ok(Nothing {})
    }
}
