import 'gridstack/dist/gridstack.min.css';
import './styles/base.css';
import './styles/widgets.css';
import './styles/rules.css';
import './styles/screeners.css';
import './styles/console.css';
import { createApp } from 'vue';
import App from './App.vue';
import { startClock } from './state/clock';
import { market } from './state/market';
import { applySettings } from './state/settings';

applySettings();
startClock(market);
createApp(App).mount('#app');
