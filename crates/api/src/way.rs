//! The commands about how agents reach this computer.

use crate::{
    App, Error,
    dto::{GatewayInfo, Nothing, SetGatewayPort, TriedWay, WhichGuest},
};

impl From<engine::GatewayFacts> for GatewayInfo {
    fn from(facts: engine::GatewayFacts) -> Self {
        Self {
            port: facts.port,
            addresses: facts.addresses.iter().map(ToString::to_string).collect(),
            former: facts.former,
            waiting: facts.waiting,
            fixed: facts.fixed,
        }
    }
}

impl App {
    pub(crate) async fn try_way(&self, request: WhichGuest) -> Result<TriedWay, Error> {
        let tried = self.engine.try_way(request.guest).await?;
        Ok(TriedWay {
            endpoints: tried.endpoints.iter().map(ToString::to_string).collect(),
            open: tried.open,
            problem: tried.problem,
        })
    }

    pub(crate) async fn gateway(&self, _: Nothing) -> Result<GatewayInfo, Error> {
        Ok(self.engine.gateway().await?.into())
    }

    pub(crate) async fn set_gateway_port(
        &self,
        request: SetGatewayPort,
    ) -> Result<GatewayInfo, Error> {
        Ok(self.engine.set_gateway_port(request.port).await?.into())
    }
}
