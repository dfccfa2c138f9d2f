"""E-mail service providers: one module each, all behind `reveil.esp.base.Esp`."""
